"""Metrics with intervals and floors, plots, and the report."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np
import pandas as pd

from churnlens.evaluation.bench_score import score
from churnlens.evaluation.classification import (
    base_rate,
    compare,
    fold_metrics,
    reliability,
    summarize,
)
from churnlens.evaluation.oracle import Meaning
from churnlens.evaluation.question_bench import BenchQuestion, Split, generate, read_bench
from churnlens.evidence.questions import parse_question
from churnlens.evidence.risk import customer_formula
from churnlens.options import IndexingOptions, InferenceOptions, ReportingOptions
from churnlens.pipelines.finetuning.churn.nodes import who_left
from churnlens.pipelines.reporting.churn.overview import build_overview
from churnlens.pipelines.reporting.churn.plots import plot_calibration, plot_drivers
from churnlens.pipelines.reporting.churn.report import render_report
from churnlens.schema import Schema, parse_schema
from churnlens.tasks.churn.answers import Answer
from churnlens.tasks.churn.judging import score_answers
from churnlens.tasks.churn.loading import Stored, load_analyst, load_population
from churnlens.tasks.churn.truth import fits, score_drivers

SPLITS: tuple[Split, ...] = ("dev", "held_out")
FLOOR = "public_formula"


def evaluate_risk(
    table: pd.DataFrame, schema: dict[str, Any], risk_folds: pd.DataFrame
) -> dict[str, Any]:
    """Judge the risk models over the same folds as their floors.

    Args:
        table: the validated table.
        schema: the parsed schema file.
        risk_folds: out-of-fold probabilities, one row per repeat and customer.

    Returns:
        `models`: name → metric → estimate with the Nadeau-Bengio interval, floors included;
        `differences`: AUC of each model minus that of the floor; `reliability`: name → bins.
    """
    described = parse_schema(schema)
    left = who_left(table, described)
    wide = risk_folds.sort_values(["repeat", "row"], kind="stable")
    shape = (int(wide["repeat"].max()) + 1, len(table))
    folds = wide["fold"].to_numpy().reshape(shape)
    said = {name: wide[name].to_numpy().reshape(shape) for name in ("scorecard", "boosting")}
    said["base_rate"] = base_rate(left, folds)
    formula = customer_formula(table, described)
    if formula is not None:
        said[FLOOR] = np.broadcast_to(formula, shape)
    metrics = {name: fold_metrics(left, folds, each) for name, each in said.items()}
    floor = FLOOR if formula is not None else "base_rate"
    return {
        "models": {name: _plain(summarize(each)) for name, each in metrics.items()},
        "floor": floor,
        "differences": _plain(compare(metrics, floor)),
        "reliability": {
            name: reliability(left, said[name].mean(axis=0)).to_dict("records")
            for name in ("scorecard", "boosting")
        },
    }


def _plain(estimates: dict[str, Any]) -> dict[str, Any]:
    return {name: each.model_dump(mode="json") for name, each in estimates.items()}


def _questions(
    bench: dict[str, Any], schema: Schema, options: ReportingOptions
) -> tuple[BenchQuestion, ...]:
    read = read_bench(bench)
    if not read.fits(schema):
        return ()
    splits = (generate(read, split, options.seed)[: options.bench_limit] for split in SPLITS)
    return tuple(itertools.chain.from_iterable(splits))


def evaluate_questions(
    bench: dict[str, Any],
    table: pd.DataFrame,
    schema: dict[str, Any],
    options: ReportingOptions,
) -> dict[str, Any]:
    """Ask the generated questions and compare each filter with its oracle.

    Returns:
        The score by split, language and category, or `skipped` with the reason when the bench was
        written for another schema.
    """
    described = parse_schema(schema)
    questions = _questions(bench, described, options)
    if not questions:
        return {"skipped": f"the bench is not about schema {described.name}"}
    queries = [parse_question(question.text, described, table) for question in questions]
    predictions = [{**q.model_dump(mode="json"), "answerable": q.answerable} for q in queries]
    return score(questions, predictions, table).model_dump(mode="json")


def evaluate_drivers(
    truth: dict[str, Any] | None,
    bench: dict[str, Any],
    inference: InferenceOptions,
    options: ReportingOptions,
    **stored: Any,
) -> dict[str, Any]:
    """Compare the drivers of the bench's groups with those that were planted in the demo data.

    Args:
        truth: what was planted; None for customers that are no demo.
        bench: whose oracle filters are the groups.
        inference: gates and floors of the driver search.
        options: of the bench.
        stored: `schema`, `table`, `feedback` and `reasons`.

    Returns:
        A `DriverScore`, or `skipped` with the reason where nothing is known to be true.
    """
    population = load_population(**stored)
    if truth is None or not fits(truth, population.table[population.schema.key]):
        return {"skipped": "nothing was planted in these customers"}
    questions = _questions(bench, population.schema, options)
    filters = [question.cohort for question in questions if question.answerable]
    found = score_drivers(population, truth, filters, inference.drivers)
    if found is None:
        return {"skipped": "no group of the bench is large enough"}
    return found.model_dump(mode="json")


def evaluate_answers(
    answers: list[dict[str, Any]],
    bench: dict[str, Any],
    indexing: IndexingOptions,
    inference: InferenceOptions,
    options: ReportingOptions,
    **stored: Unpack[Stored],
) -> dict[str, Any]:
    """Judge the written answers, and template answers to every answerable bench question.

    What a written answer should be about is known only from the answer itself; a bench question
    brings its own group and outcome.

    Returns:
        `written` and `bench`: an `AnswerScore` each; `bench` is None without a fitting bench.
    """
    schema = parse_schema(stored["schema"])
    given = [Answer.model_validate(answer) for answer in answers]
    asked = [each for each in _questions(bench, schema, options) if each.answerable]

    def judged(said: list[Answer], meanings: Sequence[Meaning | None]) -> dict[str, Any]:
        table, feedback = stored["table"], stored["feedback"]
        return score_answers(said, meanings, table, feedback, schema).model_dump(mode="json")

    found: dict[str, Any] = {"written": judged(given, [None] * len(given)), "bench": None}
    if asked:
        template = inference.model_copy(update={"writer": "template"})
        analyst = load_analyst(stored, indexing, template)
        found["bench"] = judged(analyst.answer([each.text for each in asked]), asked)
    return found


def describe_table(
    schema: dict[str, Any],
    table: pd.DataFrame,
    feedback: pd.DataFrame,
    reasons: pd.DataFrame,
    inference: InferenceOptions,
) -> dict[str, Any]:
    """Return rates, drivers and themes of the whole table."""
    population = load_population(schema, table, feedback, reasons)
    return build_overview(population, inference.drivers)


def draw_plots(overview: dict[str, Any], risk_metrics: dict[str, Any]) -> tuple[Any, Any]:
    """Return two matplotlib figures: forest plot of the drivers, calibration of the risk models."""
    return plot_drivers(overview, "en"), plot_calibration(risk_metrics, "en")


def write_report(
    answers: list[dict[str, Any]],
    overview: dict[str, Any],
    schema: dict[str, Any],
    options: ReportingOptions,
    **metrics: Any,
) -> str:
    """Return the report as one HTML file that needs nothing else.

    Args:
        answers: written in the stage inference.
        overview: of the whole table.
        schema: the parsed schema file.
        options: names the language.
        metrics: `risk_metrics`, `question_metrics`, `driver_metrics`, `answer_metrics`,
            `redaction_counts`, `scorecard`; and of the student, None where there is none,
            `arm_metrics`, `distillation_quality`, `training_history`.
    """
    return render_report(
        answers=answers,
        overview=overview,
        schema=parse_schema(schema),
        language=options.language,
        **metrics,
    )
