"""Reports and lineage, the progress of runs, and what the last ones made."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import FileResponse

from churnlens.web.errors import WebError
from churnlens.web.feeds import PROGRESS, overview
from churnlens.web.follow import read_rows, whole_files
from churnlens.web.house import Places, house_of
from churnlens.web.pages.rendering import Assets, render

router = APIRouter(prefix="/reports", include_in_schema=False)
NODES = 20  # that are listed
CELLS = 60  # of one file of metrics
# A report is one file with its styles and drawings inside, and runs nothing.
REPORT_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# The site of Kedro-Viz is a program of its own; it may load what lies beside it.
LINEAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@router.get("")
async def page(request: Request) -> Response:
    """Show what there is."""
    places = house_of(request).places
    told = await asyncio.to_thread(_overview, places)
    lineage = (places.lineage / "index.html").is_file()
    files = [(path.parent.name, path.name) for path in reports_of(places).values()]
    return render(request, "reports.html", reports=files, lineage=lineage, **told)


@router.get("/progress")
async def progress(request: Request) -> Response:
    """Show how far the run is, as a part of the page."""
    told = await asyncio.to_thread(_overview, house_of(request).places)
    return render(request, "progress.html", **told)


@router.get("/file/{task}/{name}")
async def report(request: Request, task: str, name: str) -> Response:
    """Send a report, which is one of those that are listed."""
    path = reports_of(house_of(request).places).get((task, name))
    if path is None:
        raise WebError(404, "no such report", "not_found")
    return FileResponse(path, headers={"Content-Security-Policy": REPORT_POLICY})


def reports_of(places: Places) -> dict[tuple[str, str], Path]:
    """Return the HTML files of the tasks' report folders; no link leads out of them."""
    root = places.reports.resolve()
    files = (path for path in whole_files(places.reports, "*/*.html") if path.is_file())
    inside = (path for path in files if path.resolve().is_relative_to(root))
    return {(path.parent.name, path.name): path for path in inside}


def _overview(places: Places) -> dict[str, Any]:
    told = overview(places)
    after, read = read_rows(places.state / PROGRESS, 0)
    while read:
        after, read = read_rows(places.state / PROGRESS, after)
    metrics = {
        task: {name: list(_cells(value))[:CELLS] for name, value in files.items()}
        for task, files in told["metrics"].items()
    }
    nodes = told["nodes"][:NODES]
    return {"progress": told["progress"], "nodes": nodes, "metrics": metrics, "after": after}


def _cells(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Yield the figures of a file with where they stand; an estimate with its interval."""
    if isinstance(value, dict) and isinstance(value.get("value"), int | float):
        ends = [_number(e) for e in (value.get("low"), value.get("high")) if e is not None]
        interval = f" ({'–'.join(ends)})" if len(ends) == 2 else ""
        yield " · ".join(path), _number(value["value"]) + interval
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _cells(inner, (*path, str(key).replace("_", " ")))
    elif isinstance(value, int | float | str) and path:
        yield " · ".join(path), _number(value)


def _number(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)[:200]


class Lineage(Assets):
    """The site that `kedro lineage` has built."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """Return a file of the site, which may run its own scripts."""
        response = super().file_response(*args, **kwargs)
        response.headers["Content-Security-Policy"] = LINEAGE_POLICY
        return response


def add_lineage(app: FastAPI, places: Places) -> None:
    """Serve the site, also one that is built later."""
    app.mount("/lineage", Lineage(directory=places.lineage, html=True, check_dir=False))
