"""The report: one HTML page that needs nothing else, in English or Chinese."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from churnlens.evidence.query import describe
from churnlens.evidence.risk import WEIGHTS
from churnlens.models.scorecard import Scorecard
from churnlens.pipelines.reporting.churn.plots import (
    SMALLEST,
    plot_calibration,
    plot_drivers,
    plot_levels,
    plot_themes,
)
from churnlens.pipelines.reporting.churn.student import about_student
from churnlens.pipelines.reporting.formats import count, fact, shown
from churnlens.pipelines.reporting.pages import render_page
from churnlens.pipelines.reporting.plots import plot_losses
from churnlens.pipelines.reporting.strings import Strings, load_strings
from churnlens.pipelines.reporting.svg import as_svg
from churnlens.schema import Language, Schema
from churnlens.tasks.churn.answers import Answer, Evidence

if TYPE_CHECKING:
    from markupsafe import Markup

SECTIONS = (
    "summary", "answers", "refused", "drivers", "groups", "feedback", "student",
    "risk", "trust", "privacy", "limits", "terms",
)  # fmt: skip
FLOORS = ("public_formula", "base_rate")
# what two readers of questions without any skill score, by the figures of the bench
BENCH_FLOORS = {
    "refuse_all": dict(exact_filter=0, correct_refusal=1, false_refusal=1, outcome=0, ask=0),
    "refuse_none": dict(correct_refusal=0, false_refusal=0),
}
MAX_FAILURES = 10


def _figures(
    overview: Mapping[str, Any],
    risk_metrics: Mapping[str, Any],
    history: Sequence[Mapping[str, Any]],
    words: Strings,
) -> dict[str, Markup]:
    """Draw the figures, each described by its caption; none of losses without any."""
    from markupsafe import Markup

    language = words.language
    drawn = {
        "drivers": plot_drivers(overview, language),
        "groups": plot_levels(overview, language),
        "themes": plot_themes(overview, language),
        "calibration": plot_calibration(risk_metrics, language),
    }
    drawn |= {"loss": plot_losses(history, language)} if history else {}
    return {"loss": Markup()} | {
        name: Markup(as_svg(figure, words.say(f"{name}_figure", smallest=SMALLEST)))  # noqa: S704 (as_svg escapes)
        for name, figure in drawn.items()
    }


def _ladder(card: Scorecard) -> Iterator[tuple[int, float]]:
    """Yield sums of points in tens with their probability, between the least and the most."""
    points = [flag.points for flag in card.flags]
    low, high = sum(min(each, 0) for each in points), sum(max(each, 0) for each in points)
    for total in range(10 * math.ceil(low / 10), high + 1, 10):
        yield total, 1 / (1 + math.exp(-card.intercept - card.slope * total))


def _ranking(risk_metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return the best AUC of a model, and the name and AUC of the floor; None without any."""
    found = {name: metrics.get("auc") for name, metrics in risk_metrics["models"].items()}
    models = [each for name, each in found.items() if each and name not in FLOORS]
    floor = next((name for name in FLOORS if name in found), FLOORS[-1])
    best = max(models, key=lambda each: float(each["value"]), default=None)
    return {"best": best, "floor": floor, "floor_auc": found.get(floor)}


def _limits(
    words: Strings, answers: Sequence[Answer], overview: Mapping[str, Any], schema: Schema
) -> Iterator[str]:
    """Yield what the report cannot say, as far as it applies to this table."""
    yield words.say("limit_association")
    yield words.say("limit_unmeasured")
    if schema.time:
        yield words.say("limit_survivors", time=words.of(schema.column(schema.time).label))
    coverage = overview["feedback"]["coverage"]
    if schema.feedback and coverage:
        share = shown(coverage["value"], "share", words.language)
        yield words.say("limit_coverage", share=share)
    yield words.say("limit_chance")
    if schema.risk:
        yield words.say("limit_formula")
    yield words.say("limit_future")
    yield words.say("limit_actions")
    if answers:
        models = sorted({answer.model for answer in answers})
        yield words.say("limit_writer", models=words.say("separator").join(models))


def _theme_of(words: Strings, schema: Schema) -> Callable[[Evidence], str]:
    labels = {reason.name: reason.label.model_dump() for reason in schema.reasons}
    return lambda cited: words.theme({"polarity": cited.polarity, "label": labels[cited.reason]})


def _answers(answers: Sequence[Answer], words: Strings, schema: Schema) -> dict[str, Any]:
    """Return the answers and refusals under their place in the list, and what shows them."""
    numbered = list(enumerate(answers, start=1))
    return {
        "answered": [each for each in numbered if each[1].status == "answered"],
        "refused": [each for each in numbered if each[1].status != "answered"],
        "quotes": {
            number: {key: place for place, key in enumerate(answer.citations, start=1)}
            for number, answer in numbered
        },
        "describe": lambda filter_: describe(filter_, schema, words.language),
        "theme_of": _theme_of(words, schema),
        "weights": WEIGHTS,
    }


def _groups(overview: Mapping[str, Any], words: Strings) -> list[tuple[str, list[dict[str, Any]]]]:
    by_column = itertools.groupby(overview["levels"], key=lambda level: level["column_label"])
    return [(words.of(label), list(levels)) for label, levels in by_column]


def render_report(  # noqa: PLR0913 (one argument per entry of the catalog)
    *,
    answers: list[dict[str, Any]],
    overview: dict[str, Any],
    risk_metrics: dict[str, Any],
    question_metrics: dict[str, Any],
    driver_metrics: dict[str, Any],
    answer_metrics: dict[str, Any],
    redaction_counts: dict[str, Any],
    scorecard: dict[str, Any],
    schema: Schema,
    language: Language,
    arm_metrics: dict[str, Any] | None = None,
    distillation_quality: dict[str, Any] | None = None,
    training_history: list[dict[str, Any]] | None = None,
) -> str:
    """Return the report as one HTML page; equal inputs give equal bytes.

    Args:
        answers: as `tasks.churn.answers.Answer` writes them, of any status.
        overview: by `build_overview`.
        risk_metrics: `models` (name → metric → estimate), `differences` of AUC from the floor
            (name → `difference`, `p_value`), `reliability` (name → rows).
        question_metrics: an `evaluation.bench_score.BenchScore`, or `skipped` and why.
        driver_metrics: a `tasks.churn.truth.DriverScore`, or `skipped` and why.
        answer_metrics: name → `tasks.churn.judging.AnswerScore`, None where nothing was judged.
        redaction_counts: `with_feedback`, and `removed` by kind.
        scorecard: a `models.scorecard.Scorecard`.
        schema: of the table.
        language: of everything that is not data.
        arm_metrics: of the student, by `evaluate_arms`; None where there is none.
        distillation_quality: of what taught it, by `describe_rows`; or None.
        training_history: its losses as rows; or None.

    Raises:
        pydantic.ValidationError: when an answer or the scorecard does not keep its contract.
    """
    words, card = load_strings(language), Scorecard.model_validate(scorecard)
    read = [Answer.model_validate(answer) for answer in answers]
    flags = sorted(card.flags, key=lambda flag: -flag.points)
    noun = words.of(schema.noun)
    student = about_student(arm_metrics, distillation_quality, training_history, words)
    return render_page(
        "churn/report.html",
        words,
        title=words.say("title", noun=noun),
        lead=words.say(
            "lead", customers=count(overview["customers"]), noun=noun, table=schema.name
        ),
        noun=noun,
        schema=schema,
        sections=[name for name in SECTIONS if student or name != "student"],
        student=student,
        overview=overview,
        levels=_groups(overview, words),
        smallest=SMALLEST,
        svg=_figures(overview, risk_metrics, student["history"] if student else (), words),
        risk_metrics=risk_metrics,
        ranking=_ranking(risk_metrics),
        floors=FLOORS,
        card=card,
        facts=[(words.of(fact(flag.condition, schema)), flag.points) for flag in flags],
        ladder=list(_ladder(card)),
        question_metrics=question_metrics,
        driver_metrics=driver_metrics,
        bench_floors=BENCH_FLOORS,
        max_failures=MAX_FAILURES,
        answer_scores=[(name, score) for name, score in answer_metrics.items() if score],
        redaction_counts=redaction_counts,
        limits=list(_limits(words, read, overview, schema)),
        **_answers(read, words, schema),
    )
