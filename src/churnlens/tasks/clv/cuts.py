"""Cuts in time that nobody has to name: counted back from the last transaction.

Contracts are cut at the first day of a month, before its bill: a day after it, whoever has left in
the month before would still look like a customer.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

from churnlens.options import SplitOptions
from churnlens.tasks.clv.readers import TransactionError

Kind = Literal["repeat", "contract"]


def first_unknown_day(last: date, kind: Kind) -> date:
    """Return the cut at which everything is known: a day or, for contracts, a month after it."""
    if kind == "repeat":
        return last + timedelta(days=1)
    return (last.replace(day=1) + timedelta(days=32)).replace(day=1)


def derive_split(first: date, last: date, kind: Kind, days: int, cuts: int) -> SplitOptions:
    """Return the latest cuts whose targets were all observed.

    Args:
        first: day of the first transaction.
        last: day of the last one.
        kind: of the trade.
        days: length of the target.
        cuts: number of training cuts.

    Raises:
        TransactionError: when the transactions are of too short a time.
    """
    found = [_back(first_unknown_day(last, kind), kind, days)]
    for _ in range(cuts):
        found.insert(0, _back(found[0], kind, days))
    if found[0] < first + timedelta(days=days // 2):
        raise TransactionError(
            f"transactions from {first} to {last}; expected at least {(cuts + 1.5) * days:.0f} "
            f"days for {cuts} training cuts and a test of {days} days each; next: give more, or "
            "set fewer days"
        )
    return SplitOptions(train=tuple(found[:-1]), test=found[-1], days=days)


def check_split(split: SplitOptions, first: date, until: date) -> SplitOptions:
    """Return named cuts whose targets the transactions hold.

    Args:
        split: as a user named it.
        first: day of the first transaction.
        until: first day that is not known, see `first_unknown_day`.

    Raises:
        TransactionError: when nothing comes before the first cut, or the test target ends after
            what is known: missing days would count as days without spend.
    """
    end = split.test + timedelta(days=split.days)
    if split.train[0] <= first or end > until:
        raise TransactionError(
            f"the named cuts go from {split.train[0]} to the end of the test target at {end}; "
            f"expected cuts after the first transaction of {first} and targets that end by {until};"
            " next: name other cuts, fewer days, or none"
        )
    return split


def _back(day: date, kind: Kind, days: int) -> date:
    earlier = day - timedelta(days=days)
    return earlier.replace(day=1) if kind == "contract" else earlier
