"""A student serves only when it is better, and can be taken back."""

import json

import numpy as np
import pytest

from churnlens.tasks.churn.arm_scores import HONEST, score_arm
from churnlens.tasks.churn.curriculum import choose_lessons
from churnlens.tasks.churn.promotion import (
    BETTER_BY,
    PromotionError,
    decide,
    honest_mean,
    serving,
)
from tasks.churn.lessons import COMMON, lesson, whole

LESSONS = [lesson(n, id=f"q{n}@3", family=f"f{n}") for n in range(8)]


def rows(texts, weights):
    return [
        {"id": each.id, "text": text, "weights": weights}
        for each, text in zip(LESSONS, texts, strict=True)
    ]


def judged(good, weights=("new", "old")):
    """The candidate writes `good` whole answers, the incumbent none."""
    texts = [whole(each) if n < good else "" for n, each in enumerate(LESSONS)]
    return decide(LESSONS, rows(texts, weights[0]), rows([""] * 8, weights[1]), COMMON)


def test_the_score_is_the_mean_of_what_applies():
    texts = [whole(each) for each in LESSONS[:4]] + [""] * 4
    scores = score_arm(LESSONS, texts, COMMON)
    for n, got in enumerate(honest_mean(LESSONS, texts, COMMON)):
        applies = [scores[name][n] for name in HONEST if not np.isnan(scores[name][n])]
        assert got == pytest.approx(sum(applies) / len(applies))


def test_a_whole_answer_beats_none():
    verdict = judged(8)
    assert verdict.better and verdict.difference.difference.low > 0
    assert (verdict.candidate, verdict.incumbent) == ("new", "old")
    assert verdict.candidate_score - verdict.incumbent_score == pytest.approx(
        verdict.difference.difference.value
    )
    json.loads(verdict.model_dump_json())


def test_one_better_answer_of_eight_is_not_enough():
    verdict = judged(1)
    assert verdict.difference.difference.value > BETTER_BY
    assert verdict.difference.difference.low <= 0 and not verdict.better


def test_an_equal_student_is_not_better_and_a_worse_one_neither():
    assert not judged(0).better
    texts = [whole(each) for each in LESSONS]
    worse = decide(LESSONS, rows([""] * 8, "new"), rows(texts, "old"), COMMON)
    assert worse.difference.difference.high < 0 and not worse.better


def test_depths_and_questions_of_a_family_are_one_case():
    same = [each.model_copy(update={"family": "f"}) for each in LESSONS]
    texts = [whole(each) for each in same]
    verdict = decide(same, rows(texts, "new"), rows([""] * 8, "old"), COMMON)
    assert (verdict.questions, verdict.families) == (8, 1)


def test_weights_are_compared_with_others_only():
    with pytest.raises(PromotionError, match="serve already"):
        judged(8, ("same", "same"))


def test_without_questions_the_next_step_is_named():
    with pytest.raises(PromotionError, match="run stage distillation"):
        decide([], [], [], COMMON)


def test_what_serves_is_what_was_promoted_last_and_not_taken_back():
    def row(event, student=""):
        return {"event": event, "student": student}

    assert serving([]) == []
    log = [row("kept", "a"), row("promoted", "b"), row("kept", "c"), row("forced", "d")]
    assert serving(log) == ["b", "d"]
    assert serving([*log, row("back", "d")]) == ["b"]
    assert serving([*log, row("forced", "d")]) == ["b", "d"]  # said twice after a kill
    assert serving([*log, row("back", "d"), row("promoted", "e")]) == ["b", "e"]


def test_lessons_of_a_split_are_one_a_question_in_the_languages_asked_for():
    several = [
        lesson(n, id=f"q{n}@{depth}", depth=depth, split=split, language=language, family=f"f{n}")
        for n in range(3)
        for depth in (3, 5)
        for split in ("training", "validation")
        for language in ("en", "zh")
    ]
    chosen = choose_lessons(several, "validation", {"en"}, None)
    assert [each.id for each in chosen] == ["q0@3", "q1@3", "q2@3"]
    assert {(each.split, each.language) for each in chosen} == {("validation", "en")}
    assert len(choose_lessons(several, "validation", {"en", "zh"}, 4)) == 4
    assert choose_lessons(several, "test", {"en"}, None) == []
