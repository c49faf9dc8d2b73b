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


def _back(day: date, kind: Kind, days: int) -> date:
    earlier = day - timedelta(days=days)
    return earlier.replace(day=1) if kind == "contract" else earlier
