"""Scores of the arms: the five public metrics, and those that nobody wins without reading."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from churnlens.evaluation.intervals import Estimate, bootstrap_groups, wilson
from churnlens.evaluation.paired import compare_arms
from churnlens.evaluation.recipe_overlap import Embedder, embedding_similarity
from churnlens.evaluation.text_overlap import repetition, text_overlap, variety
from churnlens.evidence.statements import Finding
from churnlens.schema import Language
from churnlens.tasks.churn.arms import shown_to
from churnlens.tasks.churn.curriculum import Lesson
from churnlens.tasks.churn.exercise import Exercise, set_exercise
from churnlens.tasks.churn.grading import Grade, Share, grade
from churnlens.tasks.churn.public_metrics import public_metrics

Scores = dict[str, NDArray[np.float64]]
PUBLIC = ("json_valid", "fields_complete", "types_correct", "citation_accuracy", "risk_aligned")
HONEST = (
    "claim_support",
    "number_match",
    "citation_support",
    "driver_precision",
    "driver_recall",
    "driver_f1",
    "coverage",
    "status",
    "refusal",
)
EASY = ("risk", "language")  # a stub can win these too
STUDENT, RIVAL, MARGIN = "tuned_grammar", "template", 0.05
PAIRS = (
    ("tuned", "base"),
    ("tuned_grammar", "base_grammar"),
    ("tuned_grammar", "template"),
    ("tuned_checked", "template"),
    ("tuned_checked", "stub"),
    ("tuned_checked", "public_repairs"),
)


def score_arm(
    lessons: Sequence[Lesson], texts: Sequence[str], common_words: Collection[str]
) -> Scores:
    """Return each metric of one arm, one score a lesson; NaN where it does not apply.

    `claim_support` is the share of the sentences that stand by the checks of serving with all their
    citations, 0 for an answer without any; `number_match` the share of the numbers that the marked
    fact prints, 0 without any; `citation_support` of the quotes that show what they are cited for,
    0 without any where some could be cited; `driver_*` of the drivers named; `coverage` of all
    facts that matter; `status` whether the status is right, over all lessons; `refusal` over those
    without an answer, whether it is right and nothing is claimed; `repetition` of four words in a
    row; `chars` the length, both of the raw text where it cannot be read. A refusal that claims
    something all the same has its claims judged, and so 0 or little support.

    Args:
        lessons: of the test.
        texts: one a lesson, raw.
        common_words: English words that any sentence may use.
    """
    rows = [_score(lesson, text, common_words) for lesson, text in zip(lessons, texts, strict=True)]
    return {name: np.array([row[name] for row in rows], float) for name in rows[0]} if rows else {}


def _score(lesson: Lesson, text: str, common_words: Collection[str]) -> dict[str, float]:
    exercise = set_exercise(lesson.brief)
    judged, public = grade(text, exercise, common_words), public_metrics(text, shown_to(exercise))
    five = {name: float(getattr(public, name)) for name in PUBLIC}
    answered = lesson.brief.status == "answered"
    if not answered:  # what cannot be answered can cite nobody and name no level
        five |= dict.fromkeys(("types_correct", "citation_accuracy", "risk_aligned"), np.nan)
    precision, recall = _share(judged.drivers, 0.0), _share(judged.drivers_named, 0.0)
    drivers = judged.drivers_named[1] > 0
    said = judged.text if judged.is_json else text
    return {
        **five,
        "public_mean": public.overall if answered else np.nan,
        **_supported(judged, exercise),
        "driver_precision": precision if drivers else np.nan,
        "driver_recall": recall if drivers else np.nan,
        "driver_f1": _f1(precision, recall) if drivers else np.nan,
        "coverage": _share(judged.coverage, np.nan),
        "status": float(judged.status_right),
        "refusal": np.nan if answered else float(judged.status_right and not _claims(judged)),
        "risk": float(judged.risk_right) if answered else np.nan,
        "language": float(judged.language_right),
        "repetition": float(repetition([said], lesson.language)[0]),
        "chars": float(len(said)),
    }


def _supported(judged: Grade, exercise: Exercise) -> dict[str, float]:
    if not exercise.facts:
        shares = (judged.support, judged.numbers, judged.documents)
        claimed = [_share(share, 0.0) if _claims(judged) else np.nan for share in shares]
        return dict(
            zip(("claim_support", "number_match", "citation_support"), claimed, strict=True)
        )
    citable = any(exercise.cited_by(mark) for mark in exercise.reportable)
    return {
        "claim_support": _share(judged.support, 0.0),
        "number_match": _share(judged.numbers, 0.0),
        "citation_support": _share(judged.documents, 0.0 if citable else np.nan),
    }


def _claims(judged: Grade) -> bool:
    """Whether a refusal gives reasons, figures that its reason does not hold, or quotes."""
    right, written = judged.numbers
    return bool(judged.sentences) or right < written or not judged.citations_right


def _share(share: Share, empty: float) -> float:
    return share[0] / share[1] if share[1] else empty


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def compare(scores: Mapping[str, Scores], lessons: Sequence[Lesson]) -> list[dict[str, Any]]:
    """Return the paired differences of the arms that are claimed to differ, Holm-adjusted.

    Over question families: questions of one family are put alike, so they are not independent.
    """
    rows = compare_arms(scores, PAIRS, (*HONEST, *EASY), [lesson.family for lesson in lessons])
    return [row.model_dump(mode="json") for row in rows]


def summarize(scores: Scores, families: Sequence[str]) -> dict[str, dict[str, Any] | None]:
    """Return mean, 95 % interval and n of each metric over the lessons where it applies.

    The interval is by bootstrap over families, which are independent; where every score is the same
    0 or 1 it is Wilson's of as many families, so that no perfect score looks certain.

    Args:
        scores: by `score_arm`.
        families: of each lesson.
    """
    found: dict[str, dict[str, Any] | None] = {}
    for name, each in scores.items():
        applies = ~np.isnan(each)
        found[name] = None
        if applies.any():
            estimate = _estimate(each[applies], np.array(families)[applies])
            found[name] = estimate.model_dump(mode="json") | {"n": int(applies.sum())}
    return found


def _estimate(known: NDArray[np.float64], families: NDArray[np.str_]) -> Estimate:
    groups = len(np.unique(families))
    if known[0] in (0, 1) and (known == known[0]).all():
        return wilson(int(known[0]) * groups, groups)
    return bootstrap_groups(np.mean, families, known)


def lacking(arms: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """Return by how much the student falls short of the template, where by more than `MARGIN`.

    Args:
        arms: name → metric → estimate, by `summarize`; the student is judged before any check.
    """
    found: dict[str, float] = {}
    for name in (*HONEST, *EASY):
        student, rival = arms[STUDENT][name], arms[RIVAL][name]
        short = rival["value"] - (student["value"] if student else 0.0) if rival else 0.0
        found |= {name: short} if short > MARGIN + 1e-9 else {}
    return found


def wordings(
    lessons: Sequence[Lesson], texts: Sequence[str], common_words: Collection[str]
) -> float | None:
    """Return in how many ways true sentences of one kind are put, 1 for a form to fill in.

    Sentences that stand are stripped of names and figures. The number is the effective one, the
    exponential of the entropy (Hill 1973), a mean over sentences. None where none stands.
    """
    from scipy.stats import entropy  # a second to import, on every command

    ways: dict[tuple[str, str, bool | None], Counter[str]] = {}
    for lesson, text in zip(lessons, texts, strict=True):
        exercise = set_exercise(lesson.brief)
        for each in grade(text, exercise, common_words).sentences:
            if not each.fault and each.named:
                fact = exercise.facts[each.named]
                way = _frame(each.sentence.text, fact)
                ways.setdefault((fact.kind, fact.outcome, fact.more), Counter())[way] += 1
    counts = [np.array(list(each.values()), float) for each in ways.values()]
    total = sum(each.sum() for each in counts)
    return (
        float(sum(each.sum() * np.exp(entropy(each)) for each in counts) / total) if total else None
    )


def _frame(text: str, fact: Finding) -> str:
    """Return a sentence without the names and figures of its fact."""
    for name in sorted((fact.subject, fact.other), key=len, reverse=True):
        text = re.sub(re.escape(name), "…", text, flags=re.IGNORECASE) if name else text
    return re.sub(r"[\d.,]*\d", "#", text).casefold()


def text_quality(
    texts: Sequence[str], references: Sequence[str], language: Language, embedder: Embedder
) -> dict[str, Any]:
    """Return how near plain texts are to their references, and how much they vary.

    Nothing without a reference; `variety` is None for fewer than two texts that say something.
    There is no `embedding_similarity` in a language that the embedder does not know.
    """
    pairs = [(text, ref) for text, ref in zip(texts, references, strict=True) if ref.strip()]
    if not pairs:
        return {}
    said, meant = [text for text, _ in pairs], [ref for _, ref in pairs]
    overlap = text_overlap(said, meant, language)
    if language in embedder.languages:
        near = embedding_similarity(said, meant, embedder.encode, embedder.name)
        overlap["embedding_similarity"] = near
    metrics = {
        name: {"value": metric.corpus, "signature": metric.signature}
        for name, metric in overlap.items()
    }
    spoken = [text for text in texts if text.strip()]
    varied = variety(spoken, language).model_dump(mode="json") if len(spoken) > 1 else None
    return {**metrics, "variety": varied}
