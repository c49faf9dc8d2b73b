"""Every metric against values counted by hand, and who can win which."""

import json

import numpy as np
import pytest
import yaml
from statsmodels.stats.proportion import proportion_confint

from churnlens.evaluation.question_bench import generate, read_bench
from churnlens.tasks.churn.arm_scores import (
    EASY,
    HONEST,
    PUBLIC,
    Embedder,
    compare,
    lacking,
    score_arm,
    summarize,
    text_quality,
    wordings,
)
from churnlens.tasks.churn.arms import stub, template
from churnlens.tasks.churn.curriculum import set_lessons, take_evenly
from churnlens.tasks.churn.exercise import set_exercise
from churnlens.tasks.churn.teachers import Phrasings, ReferenceTeacher
from pipelines.letters import Letters
from tasks.churn.lessons import COMMON, PROMPTS, ROOT, answer, lesson, mark_of, said, whole

ONE = lesson()
LETTERS = Embedder("letters@1", ("en",), Letters().encode)
STATUSES = ("answered", "too_few", "not_answerable")
EVERY = [
    lesson(n, status, language)
    for n, (status, language) in enumerate(
        (status, language) for status in STATUSES for language in ("en", "zh")
    )
]


def score(text, each=ONE):
    return {name: found[0] for name, found in score_arm([each], [text], COMMON).items()}


def test_a_whole_answer_has_everything():
    found = score(whole(ONE))
    assert {name: found[name] for name in (*HONEST, *EASY) if name != "refusal"} == dict.fromkeys(
        [name for name in (*HONEST, *EASY) if name != "refusal"], 1.0
    )
    assert np.isnan(found["refusal"])
    assert found["repetition"] < 0.05  # two sentences share four words


def test_every_metric_of_a_faulty_answer_is_as_counted_by_hand():
    text = answer(
        ONE,
        said(ONE, "rate", words="Fiber customers left: 99.9 %."),  # a number of nothing
        said(ONE, "contract", "D1"),  # a quote that does not show it
        said(ONE, "phone"),  # no driver
        said(ONE, "price", "D1", "D3"),  # the second does not show it
        "Everybody is unhappy, 3 of 4.",  # stands on nothing
        status="too_few",
        risk_level="low",
    )
    found = score(text)
    assert found["claim_support"] == 0 / 5
    assert found["number_match"] == pytest.approx((0 + 2 + 2 + 2 + 0) / (1 + 2 + 2 + 2 + 2))
    assert found["citation_support"] == pytest.approx((0 + 1) / (1 + 2))
    assert found["driver_precision"] == 1 / 2  # contract, of contract and phone
    assert found["driver_recall"] == 1 / 2  # contract, of contract and support
    assert found["driver_f1"] == 1 / 2
    assert found["coverage"] == 0 / 4
    assert (found["status"], found["risk"], found["language"]) == (0, 0, 1)


def test_half_an_answer_is_half_an_answer():
    found = score(answer(ONE, said(ONE, "rate"), said(ONE, "contract")))
    expected = {
        "claim_support": 1,
        "number_match": 1,
        "citation_support": 0,  # quotes were at hand
        "driver_precision": 1,
        "driver_recall": 1 / 2,
        "driver_f1": 2 / 3,
        "coverage": 2 / 4,
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected)


def test_saying_a_fact_twice_covers_it_once_and_repeats():
    found = score(answer(ONE, *[said(ONE, "contract")] * 3))
    assert found["coverage"] == 1 / 4
    said_once = "Those with a short contract left more often : 50.0 % against 20.0 % ."
    words = 3 * said_once.split(" ")  # as BLEU takes it apart, runs over the joins included
    runs = [tuple(words[i : i + 4]) for i in range(len(words) - 3)]
    assert found["repetition"] == pytest.approx(1 - len(set(runs)) / len(runs))


def test_the_length_is_without_marks():
    assert score(answer(ONE, said(ONE, "rate")))["chars"] == len("fiber customers left: 42.5 %.")


def test_the_public_five_and_their_mean():
    found = score(answer(ONE, said(ONE, "rate"), citations=["D1", "D9"], risk_level="low"))
    # no reasons, so types are wrong; half of the citations exist; all shown left, so "high" aligns
    assert [found[name] for name in PUBLIC] == [1, 1, 0, 0.5, 0]
    assert found["public_mean"] == 2.5 / 5


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"status": 3}', "no idea"])
def test_an_arm_that_writes_nothing_scores_nothing_and_is_not_left_out(text):
    for each in EVERY:
        found = score(text, each)
        applies = [name for name in HONEST if not np.isnan(found[name])]
        assert [found[name] for name in applies] == [0] * len(applies)
        best = score(template(each), each)
        assert applies == [name for name in HONEST if not np.isnan(best[name])]


def test_a_metric_is_left_out_only_where_it_does_not_apply():
    missing = {
        each.id: {n for n, v in score(template(each), each).items() if np.isnan(v)}
        for each in EVERY
    }
    of_answers = {
        "claim_support", "number_match", "citation_support", "driver_precision", "driver_recall",
        "driver_f1", "coverage", "risk", "types_correct", "citation_accuracy", "risk_aligned",
        "public_mean",
    }  # fmt: skip
    for each in EVERY:
        rest = missing[each.id] - {"repetition"}  # of fewer than four words there is none
        assert rest == ({"refusal"} if each.brief.status == "answered" else of_answers)


def test_without_drivers_or_quotes_their_metrics_do_not_apply():
    brief = ONE.brief.model_copy(update={"findings": ONE.brief.findings[:1], "documents": ()})
    found = score(template(lesson(brief=brief)), lesson(brief=brief))
    names = ("driver_precision", "driver_recall", "driver_f1", "citation_support")
    assert all(np.isnan(found[name]) for name in names)
    assert found["coverage"] == found["claim_support"] == 1


@pytest.mark.parametrize("status", ["too_few", "not_answerable"])
@pytest.mark.parametrize(
    ("changes", "number_match"),
    [
        ({"summary": "Churn is 87.3 % here."}, 0),
        ({"top_reasons": ["Fiber causes 99 % of churn"]}, 0),
        ({"top_reasons": ["Fiber causes churn"]}, 0),
        ({"citations": ["D1"]}, 0),
    ],
)
def test_what_is_invented_in_a_refusal_costs_it(status, changes, number_match):
    each = lesson(status=status)
    clean = json.loads(template(each))
    found = score(json.dumps(clean | changes), each)
    assert (found["status"], found["refusal"]) == (1, 0)
    assert (found["claim_support"], found["number_match"]) == (0, number_match)
    whole_one = score(json.dumps(clean), each)
    assert whole_one["refusal"] == 1 and np.isnan(whole_one["claim_support"])


@pytest.mark.parametrize(
    "text", ['{"status": "answered", "summary": ' + "so it goes " * 30, "no " * 50]
)
def test_what_cannot_be_read_is_measured_as_it_was_written(text):
    found = score(text)
    assert found["chars"] == len(text) and found["repetition"] > 0.5


def test_a_wrong_citation_counts_even_where_nothing_could_be_cited():
    brief = ONE.brief.model_copy(update={"findings": ONE.brief.findings[:1], "documents": ()})
    each = lesson(brief=brief)
    assert score(answer(each, said(each, "rate", "D1")), each)["citation_support"] == 0


def test_a_stub_wins_the_public_five_and_nothing_else():
    means = {n: np.nanmean(v) for n, v in score_arm(EVERY, [*map(stub, EVERY)], COMMON).items()}
    for name in ("citation_accuracy", "risk_aligned", "types_correct", "public_mean", *PUBLIC[:2]):
        assert means[name] == 1, name
    best = {n: np.nanmean(v) for n, v in score_arm(EVERY, [*map(template, EVERY)], COMMON).items()}
    for name in HONEST:
        assert means[name] <= best[name] - 0.5, name


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_template_has_full_support_and_coverage(language):
    each = lesson(language=language)
    found = score(template(each), each)
    for name in (
        "claim_support",
        "coverage",
        "citation_support",
        "driver_f1",
        "status",
        "language",
    ):
        assert found[name] == 1, name


def test_the_template_has_full_support_and_coverage_of_real_evidence(make_analyst):
    bench = read_bench(yaml.safe_load((ROOT / "conf/base/bench/telco.yml").read_text("utf-8")))
    drawn = generate(bench, "held_out", 5)
    chosen = take_evenly(drawn, [each.category for each in drawn], 14)
    lessons, _ = set_lessons(make_analyst(), chosen, (5,), "test")
    assert {each.brief.status for each in lessons} >= {"answered", "not_answerable"}
    found = score_arm(lessons, [*map(template, lessons)], COMMON)
    for name in ("claim_support", "coverage", "citation_support", "status", "language"):
        assert np.nanmin(found[name]) == 1, name
    floor = score_arm(lessons, [*map(stub, lessons)], COMMON)
    for name in HONEST:
        assert np.nanmean(floor[name]) <= np.nanmean(found[name]) - 0.5, name
    shown = [each for each in lessons if each.brief.documents]
    public = score_arm(shown, [*map(stub, shown)], COMMON)["public_mean"]
    assert np.nanmin(public) == 1


def test_the_other_language_is_seen():
    found = score(template(lesson(language="zh")), ONE)
    assert found["language"] == found["claim_support"] == 0


def test_the_reference_is_without_a_fault():
    teacher = ReferenceTeacher(Phrasings.read(PROMPTS["phrasings"]), 0)
    texts = [reply.text for reply in teacher.answer(EVERY)]
    found = score_arm(EVERY, texts, COMMON)
    assert all(np.nanmin(found[name]) == 1 for name in (*HONEST, "language"))


def test_means_have_intervals_over_the_lessons_where_they_apply():
    scores = {"a": np.array([1, 0.5, np.nan, 1, 0]), "b": np.full(5, np.nan)}
    found = summarize(scores, list("uvwxy"))
    assert found["b"] is None
    assert found["a"]["value"] == 0.625 and found["a"]["n"] == 4
    assert 0 <= found["a"]["low"] < 0.625 < found["a"]["high"] <= 1


@pytest.mark.parametrize("right", [0, 1])
def test_a_perfect_score_is_not_certain(right):
    scores = np.array([float(right)] * 20)
    found = summarize({"a": scores}, [f"family {n // 2}" for n in range(20)])["a"]
    low, high = proportion_confint(10 * right, 10, method="wilson")  # of ten families
    assert found == pytest.approx({"value": right, "low": low, "high": high, "n": 20})


def test_questions_of_one_family_are_no_more_certain_than_one():
    scores = np.array([0.0, 1, 0.5, 1, 0, 1])
    once = summarize({"a": scores}, list("uvwxyz"))["a"]
    often = summarize({"a": np.tile(scores, 9)}, list("uvwxyz") * 9)["a"]
    assert often == pytest.approx(once | {"n": 54})


def test_no_lessons_have_no_scores():
    assert score_arm([], [], COMMON) == {}


def test_every_arm_is_scored_on_the_same_lessons():
    with pytest.raises(ValueError, match="zip"):
        score_arm([ONE, ONE], [""], COMMON)


def test_a_family_is_one_unit():
    names = ("base", "tuned", "base_grammar", "tuned_grammar", "template", "stub",
             "tuned_checked", "public_repairs")  # fmt: skip
    lessons = [lesson(n, id=f"q{n}@5", family=f"family {n % 4}") for n in range(8)]
    scores = {name: score_arm(lessons, [""] * 8, COMMON) for name in names}
    scores["tuned"] = score_arm(lessons, [*map(whole, lessons)], COMMON)
    rows = compare(scores, lessons)
    first = [row for row in rows if row["first"] == "tuned"]
    assert [row["metric"] for row in first] == [*HONEST, *EASY]
    assert [row["metric"] for row in first if not row["result"]] == ["refusal"]  # none was due
    first = [row["result"]["difference"] for row in first if row["result"]]
    assert {each["n"] for each in first} == {4}
    assert {each["value"] for each in first} == {1}
    assert all(row["holm"] >= row["result"]["p_value"] for row in rows if row["result"])
    json.dumps(rows)


def estimates(value, **changes):
    return {
        n: {"value": v, "low": v, "high": v, "n": 9}
        for n, v in ({**dict.fromkeys((*HONEST, *EASY), value), **changes}).items()
    }


@pytest.mark.parametrize(
    ("student", "expected"),
    [
        (estimates(0.95), {}),
        (estimates(0.9501, coverage=0.9499), {"coverage": 0.0501}),
        (estimates(1, language=0.5), {"language": 0.5}),
        (estimates(1) | {"refusal": None}, {}),
    ],
)
def test_what_a_student_lacks_is_named(student, expected):
    arms = {"tuned_grammar": student, "template": estimates(1) | {"refusal": None}}
    assert lacking(arms) == pytest.approx(expected)


def test_a_metric_that_only_the_template_has_is_lacked():
    arms = {"tuned_grammar": estimates(1) | {"coverage": None}, "template": estimates(1)}
    assert lacking(arms) == {"coverage": 1}


def test_text_quality_has_signatures_and_variety():
    texts = ["Fiber customers left.", "Customers with a contract stayed.", ""]
    found = text_quality(texts, [*texts[:2], "Nobody left."], "en", LETTERS)
    overlap = {"bleu", "rouge1", "rouge2", "rougeL", "edit_similarity"}
    assert set(found) == overlap | {"embedding_similarity", "variety"}
    assert found["embedding_similarity"]["value"] == pytest.approx(2 / 3)
    assert "letters@1" in found["embedding_similarity"]["signature"]
    assert set(text_quality(["他走了。"], ["他走了。"], "zh", LETTERS)) == overlap | {"variety"}
    assert all(found[name]["signature"] for name in found)
    assert found["rouge1"]["value"] == pytest.approx(2 / 3)
    assert found["variety"]["texts"] == 2


def test_wordings_are_counted_over_true_sentences_without_names_and_figures():
    def saying(*frames):
        return [answer(ONE, said(ONE, "contract", words=frame)) for frame in frames]

    def count(*frames):
        return wordings([ONE] * len(frames), saying(*frames), COMMON)

    name = set_exercise(ONE.brief).facts[mark_of(ONE, "contract")].subject
    first, second = f"{name} left more often", f"Within the group, {name} left more often"
    assert count(first, first, first) == pytest.approx(1)
    assert count(first, second) == pytest.approx(2)
    assert count(first, first, first, second) == pytest.approx(
        np.exp(-(0.75 * np.log(0.75) + 0.25 * np.log(0.25)))
    )
    assert count(first, f"{name} left less often") == pytest.approx(1)  # the second is not true
    assert count(f"{name} left less often") is None
    assert wordings([ONE, ONE], [template(ONE)] * 2, COMMON) == pytest.approx(1)


@pytest.mark.parametrize("texts", [[], ["one"], ["", ""], ["one", ""]])
def test_variety_needs_two_texts(texts):
    found = text_quality(texts, ["Somebody left."] * len(texts), "en", LETTERS)
    assert found.get("variety") is None
    json.dumps(found, allow_nan=False)
