"""What the report says about the student: whether it may replace the template, and from what."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from churnlens.pipelines.reporting.formats import shown
from churnlens.pipelines.reporting.strings import Strings
from churnlens.tasks.churn.arm_scores import EASY, HONEST, MARGIN, PUBLIC, RIVAL, STUDENT

Metrics = Mapping[str, Any]

FLOOR = "stub"
SCORES = {
    "public": (*PUBLIC, "public_mean"),
    "honest": HONEST,
    "further": (*EASY, "repetition", "cut_off"),
}
VARIED = ("distinct_2", "compression_ratio", "shared")
NEAR = ("bleu", "rouge1", "rouge2", "rougeL", "edit_similarity", "embedding_similarity")


def about_student(
    arm_metrics: Metrics | None,
    distillation_quality: Metrics | None,
    training_history: Sequence[Metrics] | None,
    words: Strings,
) -> dict[str, Any] | None:
    """Return what the section shows, or None where no student has been judged.

    Args:
        arm_metrics: by `evaluate_arms`.
        distillation_quality: by `describe_rows`.
        training_history: rows with `step`, `epoch`, `split` and `loss`.
        words: of the report.
    """
    if not arm_metrics:
        return None
    about = {"taught": distillation_quality, "history": list(training_history or ())}
    if "skipped" in arm_metrics:
        return about | {"judged": None, "skipped": arm_metrics["skipped"]}
    compared = itertools.groupby(
        arm_metrics["comparisons"], key=lambda row: (row["first"], row["second"])
    )
    return about | {
        "judged": arm_metrics,
        "lead": "".join(_lead(arm_metrics, words)),
        "scores": SCORES,
        "floor": FLOOR,
        "near": NEAR,
        "varied": VARIED,
        "compared": [(pair, list(rows)) for pair, rows in compared],
    }


def _lead(metrics: Metrics, words: Strings) -> Iterator[str]:
    """Yield the sentences of the verdict; it goes by means, so that intervals may qualify it."""
    margin = shown(MARGIN, "points", words.language)
    slots = {"questions": metrics["questions"], "families": metrics["families"], "margin": margin}
    if metrics["lacking"]:
        parts = [
            words.say("lacks", metric=words.name("scores", name), by=_points(short, words))
            for name, short in metrics["lacking"].items()
        ]
        yield words.say("student_may_not", lacking=words.say("separator").join(parts), **slots)
    else:
        yield words.say("student_may", **slots)
        if open_ := [words.name("scores", name) for name in _open(metrics["comparisons"])]:
            yield words.say("student_open", metrics=words.say("separator").join(open_), **slots)
    yield words.say("student_varies" if _varies_more(metrics["quality"]) else "student_uniform")


def _points(value: float, words: Strings) -> str:
    return shown(value, "points", words.language)


def _open(comparisons: Sequence[Metrics]) -> list[str]:
    """Return the metrics whose interval does not rule out that the student is worse by more."""
    return [
        row["metric"]
        for row in comparisons
        if (row["first"], row["second"]) == (STUDENT, RIVAL)
        and row["result"]
        and row["result"]["difference"]["low"] < -MARGIN
    ]


def _varies_more(quality: Metrics) -> bool:
    """Whether the student has more ways to say a fact than the template, in every language."""
    pairs = [
        (quality[STUDENT][language].get("wordings"), found.get("wordings"))
        for language, found in quality[RIVAL].items()
    ]
    return bool(pairs) and all((one or 0) > (two or 0) for one, two in pairs)
