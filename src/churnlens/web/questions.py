"""`/ask` for the analyst's questions and `/predict/{task}` for rows, behind the models' queue."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Request
from pydantic import Field

from churnlens.evidence.edits import Edit
from churnlens.schema import Frozen
from churnlens.web.contract import check_length
from churnlens.web.desk import Job, LateError, StoppedError, closing
from churnlens.web.errors import WebError
from churnlens.web.house import count, house_of
from churnlens.web.protocols import InputError, Stopped
from churnlens.web.reading import json_body
from churnlens.web.replies import begin, late, told, unless_gone

router = APIRouter(dependencies=[Depends(count)])
Result = TypeVar("Result")


class Question(Frozen):
    """A question about customers, in English or Chinese.

    Attributes:
        filter: whom it is asked about, in the place of those that it names.
    """

    question: str = Field(min_length=1)
    filter: Edit | None = None


class Rows(Frozen):
    """Rows of one task, as `kedro predict` reads them."""

    rows: tuple[dict[str, Any], ...] = Field(min_length=1)


@router.post("/ask")
async def ask(
    request: Request, body: Annotated[Question, Depends(json_body(Question))]
) -> Mapping[str, Any]:
    """Answer a question with evidence; the answer's form is that of `kedro ask --json`."""
    return await answered(request, body)


async def answered(request: Request, body: Question) -> Mapping[str, Any]:
    """Wait for a place in the queue, and answer."""
    house = house_of(request)
    check_length(body.question, house.options.limits, "question")
    asks, editing, edit = house.services.ask, house.services.editing, body.filter
    if asks is None or (edit and editing is None):
        raise WebError(404, "no index to ask; run `kedro run` and start again", "not_available")
    if edit and editing:
        return await _run(request, lambda: editing.ask(body.question, edit))
    return await _run(request, lambda: asks(body.question))


@router.post("/predict/{task}")
async def predict(
    request: Request, task: str, body: Annotated[Rows, Depends(json_body(Rows))]
) -> dict[str, Any]:
    """Score rows; a bad row becomes `{id, error}` and is counted."""
    house = house_of(request)
    score = house.services.predict.get(task)
    if score is None:
        raise WebError(404, "no such task, or its model is not there", "not_found", param="task")
    if len(body.rows) > house.options.limits.rows:
        message = f"{len(body.rows)} rows; expected at most {house.options.limits.rows}"
        raise WebError(400, message, "too_many_rows", param="rows")
    scored = await _run(request, lambda: score(body.rows))
    return {"rows": list(scored), "errors": sum(1 for row in scored if "error" in row)}


async def _run(request: Request, function: Callable[[], Result]) -> Result:
    """Run a function in a place of the queue; it cannot be stopped, only left alone."""

    def work(_: Stopped) -> Iterator[Result]:
        yield function()

    job = await begin(request, work)
    try:
        return await unless_gone(request, _only(job))
    except InputError as error:
        raise told(error) from None
    except LateError:
        raise late() from None
    except StoppedError:
        raise closing() from None
    finally:
        job.stop()


async def _only(job: Job[Result]) -> Result:
    async for result in job.pieces(beat=60):
        if result is not None:
            return result
    raise RuntimeError("the work ended without a result")
