"""Value and retention: what customers are worth, and whom to keep first."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response

from churnlens.tasks.clv.segments import NAMES
from churnlens.web.follow import whole_files
from churnlens.web.house import Places, house_of
from churnlens.web.pages.rendering import render
from churnlens.web.pages.stored import PAGE, page_number
from churnlens.web.pages.words import language_of

if TYPE_CHECKING:
    import pandas as pd

router = APIRouter(prefix="/value", include_in_schema=False)
# What a column of the page is called in the files; the first that is there.
COLUMNS = {
    "rank": ("rank",),
    "customer": ("customer_id", "customer"),
    "segment": ("segment",),
    "clv": ("clv",),
    "clv_low": ("clv_low",),
    "clv_high": ("clv_high",),
    "p_churn": ("p_churn", "churn_probability", "p_leave"),
    "value_at_risk": ("value_at_risk",),
    "action": ("action_text", "action"),
    "gain": ("expected_gain",),
    "why_not": ("why_not",),
}
SHOWN = ("rank", "customer", "segment", "clv", "p_churn", "value_at_risk", "action", "gain")
TASKS = ("retention", "clv")  # the list where there is one, else the values


@router.get("")
async def page(request: Request) -> Response:
    """Show the list, the customers first who are to be kept first."""
    places, number = house_of(request).places, page_number(request.query_params.get("page", ""))
    told = await asyncio.to_thread(_listed, places, number)
    segments = {key: text.of(language_of(request)) for key, text in NAMES.items()}
    return render(request, "value.html", page=number, segments=segments, **told)


def _listed(places: Places, number: int) -> dict[str, Any]:
    for task in TASKS:
        if (table := _table(places.outputs / task)) is not None:
            start = number * PAGE
            rows = [_plain(row) for row in table[start : start + PAGE].to_dict("records")]
            columns = [name for name in SHOWN if name in table]
            more, total = len(table) > start + PAGE, len(table)
            return {"task": task, "rows": rows, "columns": columns, "more": more, "total": total}
    return {"task": "", "rows": [], "columns": [], "more": False, "total": 0}


def _table(folder: Path) -> pd.DataFrame | None:
    """Return the newest file of a folder that tells of customers, ranked; None without one."""
    files = [path for path in whole_files(folder, "*") if path.suffix in {".parquet", ".csv"}]
    for path in sorted(files, key=lambda each: -each.stat().st_mtime):
        table = _renamed(path)
        if {"customer", "clv"} <= set(table):
            if "rank" not in table:
                table = table.sort_values("clv", ascending=False, kind="stable")
                table = table.assign(rank=range(1, len(table) + 1))
            return table.sort_values("rank", kind="stable")
    return None


def _renamed(path: Path) -> pd.DataFrame:
    import pandas as pd

    table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    found = {name: next((k for k in keys if k in table), None) for name, keys in COLUMNS.items()}
    return pd.DataFrame({name: table[key] for name, key in found.items() if key is not None})


def _plain(row: dict[Any, Any]) -> dict[str, Any]:
    """Return a row without numbers that are none."""
    empty = {key: isinstance(cell, float) and not math.isfinite(cell) for key, cell in row.items()}
    return {str(key): None if empty[key] else cell for key, cell in row.items()}
