"""Task service: how well the assistant replies beside its floor and the arms, and the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack

from churnlens.options import ServiceInferenceOptions, ServiceReportingOptions
from churnlens.pipelines.reporting.service.report import render_service
from churnlens.tasks.service.arms import (
    ARMS,
    CHECKED,
    FLOOR,
    PASSAGES,
    Answered,
    silent_knowledge,
)
from churnlens.tasks.service.book import read_book
from churnlens.tasks.service.cases import Case
from churnlens.tasks.service.held_out_routing import route_held_out, routing_scores
from churnlens.tasks.service.judging import (
    by_family,
    checked,
    compare,
    forgotten,
    judge,
    passed_by_task,
    summarise,
)
from churnlens.tasks.service.knowledge import LANGUAGES, Knowledge
from churnlens.tasks.service.loading import Remembered, StoredService, load_encoder, load_knowledge
from churnlens.tasks.service.plans import Plan

Rows = list[dict[str, Any]]


def evaluate_routing(
    inference: ServiceInferenceOptions,
    options: ServiceReportingOptions,
    **stored: Unpack[StoredService],
) -> dict[str, Any]:
    """Judge the intents of written requests whose situation is held out; see `routing_scores`."""
    encoder = Remembered(load_encoder(stored, stored["indexing"]))
    book, knowledge = load_knowledge(stored, encoder, inference)
    routed = route_held_out(
        book, knowledge.prompts, encoder, inference.assistant, options.folds, options.seed
    )
    return routing_scores(routed)


def evaluate_service(  # noqa: PLR0913 (one argument per entry of the catalog)
    *,
    cases: Rows,
    replies: Rows,
    arm_floor: Rows,
    arm_base: Rows,
    arm_tuned: Rows,
    service_book: dict[str, str],
    prompts: dict[str, Any],
    inference: ServiceInferenceOptions,
    options: ServiceReportingOptions,
) -> dict[str, Any]:
    """Judge the assistant and the floor on every case, and the arms on theirs.

    Returns:
        `side`; `served` and `floor`: metric → share; `languages` of the served; `intents`: family
        → share; `tasks`: how many; `arms`: name → metric → share, all on the cases of the arms;
        `comparisons`: paired; `forgetting`; `examples`: what every arm said to the same question.
    """
    asked = [Case.model_validate(each) for each in cases]
    knowledge = silent_knowledge(read_book(service_book), prompts, inference.assistant)
    served, floor = _read(replies), _read(arm_floor)
    whole = {name: judge(asked, rows, knowledge) for name, rows in (("s", served), ("f", floor))}
    arms = _arms(asked, served, floor, [*arm_base, *arm_tuned], knowledge)
    judged = {name: judge(asked, rows, knowledge) for name, rows in arms.items()}
    return {
        "side": inference.side,
        "served": summarise(whole["s"], asked),
        "floor": summarise(whole["f"], asked),
        "languages": {
            language: _in_language(whole["s"], asked, language) for language in LANGUAGES
        },
        "intents": by_family(whole["s"].get("intent", {}), asked),
        "conduct": by_family(whole["s"].get("conduct", {}), asked),
        "tasks": passed_by_task(whole["s"].get("tasks", {}), asked).n,
        "arms": {name: summarise(scores, asked) for name, scores in judged.items()},
        "comparisons": compare(judged, asked),
        "forgetting": forgotten(judged.get("base", {}), judged.get("tuned", {})),
        "examples": _examples(asked, arms, options.shown),
    }


def write_service_report(
    metrics: dict[str, Any],
    routing_metrics: dict[str, Any],
    row_report: dict[str, Any],
    training_history: Rows | None,
    options: ServiceReportingOptions,
) -> str:
    """Return the report as one HTML file that needs nothing else."""
    return render_service(metrics, routing_metrics, row_report, training_history or [], options)


def _read(rows: Rows) -> list[Answered]:
    return [Answered.model_validate({k: row[k] for k in Answered.model_fields}) for row in rows]


def _arms(
    cases: list[Case],
    served: list[Answered],
    floor: list[Answered],
    written: Rows,
    knowledge: Knowledge,
) -> dict[str, list[Answered]]:
    """Return arm → its replies, all to the cases that the models answered."""
    arms = {name: _read([row for row in written if row["arm"] == name]) for name in ARMS}
    same = {each.case for each in arms["base_retrieval"]}
    plans: dict[str, tuple[Plan, ...]] = {each.case: each.plans for each in served}
    return {
        FLOOR: [each for each in floor if each.case in same],
        PASSAGES: [each for each in served if each.case in same],
        **arms,
        CHECKED: checked(cases, arms["tuned_retrieval"], plans, knowledge),
    }


def _in_language(
    scores: Mapping[str, Mapping[str, bool]], cases: list[Case], language: str
) -> dict[str, Any]:
    own = {case.id for case in cases if case.language == language}
    kept = {m: {k: ok for k, ok in each.items() if k in own} for m, each in scores.items()}
    return summarise(kept, cases)


def _examples(
    cases: list[Case], arms: Mapping[str, list[Answered]], shown: int
) -> list[dict[str, Any]]:
    """Return what every arm said to the first facts that all were asked for."""
    said = {name: {e.case: e.told[0].reply.text for e in rows} for name, rows in arms.items()}
    both = [c for c in cases if c.kind == "fact" and all(c.id in each for each in said.values())]
    return [
        {
            "question": case.turns[0],
            "language": case.language,
            "texts": {name: each[case.id] for name, each in said.items()},
        }
        for case in both[:shown]
    ]
