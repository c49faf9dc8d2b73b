"""Questions: the answer with its filter as chips, its figures, and claims with their evidence."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from churnlens.evidence.query import Filter
from churnlens.evidence.statements import Statistic
from churnlens.pipelines.reporting.strings import Strings, read_wordbook
from churnlens.schema import Schema
from churnlens.tasks.churn.answers import Answer
from churnlens.web.house import count, house_of
from churnlens.web.pages.drawing import strip_scale
from churnlens.web.pages.rendering import render
from churnlens.web.pages.words import language_of
from churnlens.web.questions import Question, answered
from churnlens.web.reading import json_body

router = APIRouter(prefix="/ask", include_in_schema=False)
DRIVEN = "adjusted_odds_ratio"


@router.get("")
async def page(request: Request) -> Response:
    """Show where a question is typed."""
    services = house_of(request).services
    longest = house_of(request).options.limits.message_chars
    return render(request, "ask.html", ready=services.ask is not None, longest=longest)


@router.post("/answer", dependencies=[Depends(count)])
async def answer(
    request: Request, body: Annotated[Question, Depends(json_body(Question))]
) -> Response:
    """Answer a question as a part of the page."""
    found = Answer.model_validate(await answered(request, body))
    editing = house_of(request).services.editing
    strings = Strings(language_of(request), read_wordbook())
    return render(
        request,
        "answer.html",
        answer=found,
        report=strings.name,
        groups=_groups(found),
        columns=columns_of(editing.schema) if editing else {},
        drivers=drivers_of(found),
    )


def columns_of(schema: Schema) -> dict[str, Any]:
    """Return the columns that a filter can have, by name."""
    return {column.name: column for column in schema.attributes()}


def _groups(found: Answer) -> dict[str, Filter]:
    """Return the filters of an answer: `cohort`, and `compare_to` where two are compared."""
    if found.cohort is None:
        return {}
    second = found.cohort.compare_to
    return {"cohort": found.cohort.filter} | ({} if second is None else {"compare_to": second})


def drivers_of(found: Answer) -> list[dict[str, Any]]:
    """Return what the plot shows: every reported driver's adjusted odds ratio with its interval.

    Returns:
        One row a driver: the `statistic`, and `low`, `high`, `at`, `one`: places of the interval's
        ends, the estimate and "no difference" on a log scale, from 0 to 100.
    """
    told: list[tuple[Statistic, tuple[float, float]]] = [
        (each, each.interval)
        for each in found.statistics.values()
        if each.measure == DRIVEN and each.about in found.top_reasons and each.interval
    ]
    place = strip_scale([end for each, ends in told for end in (*ends, each.value)])
    return [
        {"statistic": each, "low": place(ends[0]), "high": place(ends[1])}
        | {"at": place(each.value), "one": place(1.0)}
        for each, ends in told
    ]
