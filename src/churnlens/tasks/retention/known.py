"""What other tasks know of a customer, under the columns of `table.KNOWN`; any may not have run."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from churnlens.dialogues.keys import customer_key
from churnlens.schema import Schema

Rows = Sequence[Mapping[str, Any]]
EVIDENCE: Final = 3  # ids beside a reason
_YES: Final = frozenset({"1", "yes", "y", "true", "t", "x", "opted out", "是", "是的"})
_NO: Final = frozenset({"", "0", "no", "n", "false", "f", "否", "不是"})


def churn_risk(risk: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Return `customer_id` and `p_churn`: of boosting that has not seen the customer."""
    keys = [customer_key(str(key)) for key in risk[schema.key]]
    return pd.DataFrame({"customer_id": keys, "p_churn": risk["p_boosting"].to_numpy(float)})


def service_signals(dialogues: Rows, assessments: Rows) -> pd.DataFrame:
    """Return trend of satisfaction, main reason and the turns that show it, of each customer.

    Args:
        dialogues: clean, with `id` and `customer`, in the order in which they took place.
        assessments: of some of them.

    Returns:
        `customer_id`; `satisfaction_trend`: mean score of the later half of his turns less that of
        the earlier, none for a single turn; `main_reason`: the likeliest in most of his dialogues;
        `evidence_ids`: `DIALOGUE#TURN` of its quotes.
    """
    of = {row["id"]: row for row in assessments}
    heard: dict[str, list[Mapping[str, Any]]] = {}
    for row in dialogues:
        if row["id"] in of and (key := row.get("customer")):
            heard.setdefault(key, []).append(of[row["id"]])
    rows = [
        {"customer_id": key, "satisfaction_trend": _trend(said), **_service_reason(said)}
        for key, said in heard.items()
    ]
    names = ["customer_id", "satisfaction_trend", "main_reason", "evidence_ids"]
    return pd.DataFrame(rows, columns=names)


def _trend(said: Rows) -> float | None:
    scores = [turn["score"] for each in said for turn in each["turns"]]
    half = len(scores) // 2
    return float(np.mean(scores[-half:]) - np.mean(scores[:half])) if half else None


def _service_reason(said: Rows) -> dict[str, Any]:
    main = [(each["id"], each["reasons"][0]) for each in said if each["reasons"]]
    reason = _most(found["reason"] for _, found in main)
    quotes = [
        f"{dialogue}#{quote['turn']}"
        for dialogue, found in main
        if found["reason"] == reason
        for quote in found["quotes"]
    ]
    return {"main_reason": reason, "evidence_ids": list(dict.fromkeys(quotes))[:EVIDENCE]}


def feedback_reasons(reasons: pd.DataFrame) -> pd.DataFrame:
    """Return the complaint that stands most often in each customer's feedback, and where.

    Args:
        reasons: see `label_reasons` of task churn.

    Returns:
        `customer_id`, `main_reason`, and `evidence_ids`: `feedback:START-END` of its characters.
    """
    rows = []
    for key, said in reasons[reasons["polarity"] == "complaint"].groupby("customer", sort=False):
        reason = _most(said["reason"])
        spans = said[said["reason"] == reason][["start", "end"]].itertuples(index=False)
        ids = [f"feedback:{start}-{end}" for start, end in spans][:EVIDENCE]
        rows.append((customer_key(str(key)), reason, ids))
    return pd.DataFrame(rows, columns=["customer_id", "main_reason", "evidence_ids"])


def _most(names: Iterable[str]) -> str:
    """Return the most frequent name, of equal ones the first; empty for none."""
    return next((name for name, _ in Counter(names).most_common(1)), "")


def earlier_offers(offers: pd.DataFrame) -> pd.DataFrame:
    """Return `customer_id`, and `opted_out` and `days_since_offer` where the table has them.

    Args:
        offers: every cell as text.

    Raises:
        ValueError: without `customer_id`, for days that are no number, or for an `opted_out` that
            is neither yes nor no: nobody is taken for willing by mistake.
    """
    if "customer_id" not in offers:
        raise ValueError(f"no column customer_id; the table has {list(offers)[:10]}")
    found = pd.DataFrame({"customer_id": [customer_key(str(k)) for k in offers["customer_id"]]})
    if "opted_out" in offers:
        found["opted_out"] = _consents(offers["opted_out"])
    if "days_since_offer" in offers:
        days = pd.to_numeric(offers["days_since_offer"].replace("", None), errors="coerce")
        if (days.isna() & (offers["days_since_offer"] != "")).any():
            raise ValueError("days_since_offer: got a cell that is no number; expected days")
        found["days_since_offer"] = days.to_numpy(float)
    return found


def _consents(cells: pd.Series) -> list[bool]:
    """Return who has opted out; a whole number may have decimals, as spreadsheets write it."""
    told = [re.sub(r"^([01])\.0*$", r"\1", str(cell).strip().casefold()) for cell in cells]
    unknown = [place for place, cell in enumerate(told, start=1) if cell not in _YES | _NO]
    if unknown:
        raise ValueError(
            f"opted_out: {len(unknown)} cell(s), the first in row {unknown[0]}, are neither yes "
            f"({', '.join(sorted(_YES))}) nor no (empty, {', '.join(sorted(_NO - {''}))}); next: "
            "write one of these"
        )
    return [cell in _YES for cell in told]


def merge_known(*frames: pd.DataFrame | None) -> pd.DataFrame | None:
    """Return all that is known of each customer; where two frames speak, the first counts."""
    known: pd.DataFrame | None = None
    for frame in frames:
        if frame is not None:
            rows = frame.set_index("customer_id")
            known = rows if known is None else known.combine_first(rows)
    return None if known is None else known.reset_index()
