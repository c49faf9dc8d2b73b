"""The question bench: its data, its oracle and its scoring."""

import os
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from pydantic import TypeAdapter, ValidationError

from churnlens.evaluation.question_bench import (
    Filter,
    complement,
    generate,
    oracle_mask,
    read_bench,
    score,
)
from churnlens.schema import read_schema

REPO = Path(__file__).parents[2]
REAL = Path(os.environ.get("CHURNLENS_REAL_DATA", REPO.parent / "shared" / "data"))
ADD_ONS = (
    "OnlineSecurity",
    "OnlineBackup",
    "DeviceProtection",
    "TechSupport",
    "StreamingTV",
    "StreamingMovies",
)
FIBER = {"column": "InternetService", "op": "eq", "value": "Fiber optic"}
SENIOR = {"column": "SeniorCitizen", "op": "eq", "value": "1"}


def raw_bench():
    return yaml.safe_load((REPO / "conf/base/bench/telco.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def bench():
    return read_bench(raw_bench())


@pytest.fixture(scope="module")
def questions(bench):
    return generate(bench, "dev") + generate(bench, "held_out")


def synthetic_table(rows=6000):
    rng = np.random.default_rng(7)

    def yes_no():
        return rng.choice(["Yes", "No"], rows)

    internet = rng.choice(["Fiber optic", "DSL", "No"], rows)
    phone = np.where((internet == "DSL") & (rng.random(rows) < 0.3), "No", "Yes")
    tenure = rng.integers(0, 73, rows).astype(float)
    monthly = rng.uniform(18.25, 118.75, rows).round(2)
    columns = {
        "gender": rng.choice(["Female", "Male"], rows),
        "SeniorCitizen": rng.choice(["0", "1"], rows),
        "Partner": yes_no(),
        "Dependents": yes_no(),
        "tenure": tenure,
        "PhoneService": phone,
        "MultipleLines": np.where(phone == "No", "No phone service", yes_no()),
        "InternetService": internet,
        "Contract": rng.choice(["Month-to-month", "One year", "Two year"], rows),
        "PaperlessBilling": yes_no(),
        "PaymentMethod": rng.choice(
            [
                "Electronic check",
                "Mailed check",
                "Bank transfer (automatic)",
                "Credit card (automatic)",
            ],
            rows,
        ),
        "MonthlyCharges": monthly,
        "TotalCharges": tenure * monthly,
    }
    columns |= {
        name: np.where(internet == "No", "No internet service", yes_no()) for name in ADD_ONS
    }
    return pd.DataFrame(columns)


def real_table():
    path = REAL / "telco_churn" / "Telco-Customer-Churn.csv"
    if not path.exists():
        pytest.skip(f"no real telco table in {REAL}; set CHURNLENS_REAL_DATA to run this test")
    table = pd.read_csv(path)
    table["TotalCharges"] = pd.to_numeric(table["TotalCharges"], errors="coerce").fillna(0.0)
    return table


@pytest.fixture(scope="module", params=[synthetic_table, real_table])
def table(request):
    return request.param()


def read_filter(*rows):
    return TypeAdapter(Filter).validate_python(rows)


def perfect(question):
    fields = {"answerable", "cohort", "compare_to", "outcome", "ask"}
    return question.model_dump(mode="json", include=fields)


def plain(text):
    return re.sub(r"\W+", " ", text.lower()).strip()


# the data of the bench


def test_size_languages_and_unanswerable_share(bench):
    for seed in range(3):
        made = generate(bench, "dev", seed) + generate(bench, "held_out", seed)
        held_out = [each for each in made if each.split == "held_out"]
        assert len(made) >= 500
        assert len(held_out) >= 300
        assert 0.55 <= len(held_out) / len(made) <= 0.70
        for part in (made, held_out):
            assert 0.45 <= np.mean([each.language == "zh" for each in part]) <= 0.55
            for language in ("en", "zh"):
                refused = [not each.answerable for each in part if each.language == language]
                assert 0.17 <= np.mean(refused) <= 0.23


def test_texts_and_ids_are_unique_and_complete(questions):
    assert len({plain(each.text) for each in questions}) == len(questions)
    assert len({each.id for each in questions}) == len(questions)
    assert not [each.text for each in questions if re.search(r"[{}]|  ", each.text)]
    for each in questions:
        assert bool(re.search(r"[\u4e00-\u9fff]", each.text)) == (each.language == "zh")


def test_unanswerable_questions_carry_no_oracle_and_others_a_whole_one(questions):
    for each in questions:
        if each.answerable:
            assert each.ask is not None
            assert (each.compare_to is not None) == (each.ask == "compare")
            assert (each.outcome is None) <= (each.ask in ("why", "how_many", "what_to_do"))
        else:
            assert (each.cohort, each.compare_to, each.outcome, each.ask) == ((), None, None, None)


def test_every_kind_of_question_is_held_out_in_both_languages(questions):
    wanted = "service demographics contract billing tenure named range pricing negation either "
    wanted += "joint sentiment comparison action how_many stay unknown_attribute unknown_value "
    wanted += "undefined_group contradiction unknown_topic time person off_topic injection"
    for language in ("en", "zh"):
        held_out = [q for q in questions if (q.split, q.language) == ("held_out", language)]
        assert set(wanted.split()) <= {each.category for each in held_out}
        assert Counter(q.outcome for q in held_out if q.answerable)["stayed"] >= 10
        assert {q.ask for q in held_out} == {"why", "how_many", "compare", "what_to_do", None}


def test_dev_and_held_out_share_no_template_and_no_phrase(bench):
    def templates(split):
        return {
            plain(template)
            for section in bench.splits[split].values()
            for family in section.families
            for template in family.templates
        }

    def phrases(split):
        return {
            plain(text)
            for section in bench.splits[split].values()
            for group in section.phrases.values()
            for phrase in group
            for text in phrase.texts.values()
        }

    assert not templates("dev") & templates("held_out")
    assert not phrases("dev") & phrases("held_out")


def test_every_phrase_and_template_is_used(bench):
    for split, sections in bench.splits.items():
        texts = " ".join(each.text.lower() for each in generate(bench, split))
        for section in sections.values():
            for group in section.phrases.values():
                unused = [
                    p.texts for p in group if not all(t.lower() in texts for t in p.texts.values())
                ]
                assert not unused
            assert all(family.groups or family.take == 1 for family in section.families)


def test_same_seed_same_questions_other_seed_other_questions(bench):
    assert generate(bench, "held_out", 3) == generate(bench, "held_out", 3)
    one, other = generate(bench, "held_out", 3), generate(bench, "held_out", 4)
    assert {q.text for q in one} != {q.text for q in other}


def test_oracle_names_only_what_the_schema_has(questions):
    schema = read_schema(REPO / "conf/base/schemas/telco.yml")
    for question in questions:
        for part in (*question.cohort, *(question.compare_to or ())):
            for atom in getattr(part, "any_of", (part,)):
                column = schema.column(atom.column)
                assert column in schema.attributes()
                if column.kind == "category":
                    values = atom.value if isinstance(atom.value, tuple) else (atom.value,)
                    assert {column.value(value).value for value in values} == set(values)
                    assert atom.op in ("eq", "ne", "in", "not_in")


def test_named_groups_are_those_of_the_schema(bench):
    schema = read_schema(REPO / "conf/base/schemas/telco.yml")
    means = {term.name: term.means for term in schema.terms}
    for sections in bench.splits.values():
        named = {phrase.cohort for each in sections.values() for phrase in each.phrases["named"]}
        assert named == {means["new"], means["long-tenure"], means["high-value"]}


def test_every_oracle_selects_some_rows_and_leaves_some(questions, table):
    for question in questions:
        if not question.answerable:
            continue
        mask = oracle_mask(question.cohort, table)
        assert mask.sum() >= 30, question.text
        assert mask.all() == (question.cohort == ()), question.text
        if question.compare_to is not None:
            other = oracle_mask(question.compare_to, table)
            assert other.sum() >= 30, question.text
            assert not (mask & other).any(), question.text


def test_the_rest_is_exactly_the_other_rows(questions, table):
    rests = [each for each in questions if "versus_rest" in each.family and each.answerable]
    assert len(rests) >= 16
    for each in rests:
        mask = oracle_mask(each.cohort, table)
        assert (mask ^ oracle_mask(each.compare_to, table)).all()


# reading a bench


def tiny_bench(**family):
    family = {"name": "why", "ask": "why", "outcome": "left", "groups": ["service"]} | family
    section = {
        "phrases": {"service": [{"x": "fiber users", "is": ["fiber"]}, {"x": "cable users"}]},
        "families": [{"templates": ["{x}: why?"], "take": 2} | family],
    }
    filters = {"fiber": ["InternetService", "eq", "Fiber optic"]}
    return {"name": "tiny", "filters": filters, "dev": {"en": section}, "held_out": {}}


def test_phrase_without_meaning_and_family_without_ask_are_unanswerable():
    made = {q.text: q for q in generate(read_bench(tiny_bench()), "dev")}
    assert made["Fiber users: why?"].cohort == read_filter(FIBER)
    assert made["Fiber users: why?"].category == "service"
    assert not made["Cable users: why?"].answerable
    silent = generate(read_bench(tiny_bench(ask=None, outcome=None, category="time")), "dev")
    assert [q.answerable for q in silent] == [False, False]
    assert sorted(q.category for q in silent) == ["service", "time"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"templates": ["why {y}?"]}, "has the slots"),
        ({"templates": ["why?"]}, "has the slots"),
        ({"groups": ["nothing"]}, "no phrase group"),
        ({"groups": []}, "has the slots"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_malformed_family_is_refused(change, message):
    with pytest.raises(ValidationError, match=message):
        read_bench(tiny_bench(**change))


def test_unknown_filter_is_refused():
    raw = tiny_bench()
    raw["filters"] = {"dsl": ["InternetService", "eq", "DSL"]}
    with pytest.raises(ValueError, match="unknown filter 'fiber'"):
        read_bench(raw)


# the oracle

AGES = pd.DataFrame(
    {"t": [0.0, 6.0, 7.0, 12.0], "s": [0, 1, 1, 0], "k": ["a", "b", "c", "a"]}, index=[9, 8, 7, 6]
)


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        ([], [1, 1, 1, 1]),
        ([("t", "le", 6)], [1, 1, 0, 0]),
        ([("t", "lt", 6)], [1, 0, 0, 0]),
        ([("t", "ge", 7)], [0, 0, 1, 1]),
        ([("t", "gt", 7)], [0, 0, 0, 1]),
        ([("t", "eq", 12)], [0, 0, 0, 1]),
        ([("s", "eq", "1")], [0, 1, 1, 0]),
        ([("k", "ne", "a")], [0, 1, 1, 0]),
        ([("k", "in", ["a", "c"])], [1, 0, 1, 1]),
        ([("k", "not_in", ["a", "c"])], [0, 1, 0, 0]),
        ([("t", "not_in", [0, 7])], [0, 1, 0, 1]),
        ([("k", "eq", "a"), ("t", "gt", 0)], [0, 0, 0, 1]),
    ],
)
def test_mask_of_each_operator(rows, wanted):
    conditions = read_filter(*({"column": c, "op": o, "value": v} for c, o, v in rows))
    mask = oracle_mask(conditions, AGES)
    assert mask.tolist() == [bool(each) for each in wanted]
    assert mask.index.equals(AGES.index)


def test_mask_of_alternatives_and_of_a_quantile():
    late = {"column": "t", "op": "ge", "quantile": 0.75}
    assert oracle_mask(read_filter(late), AGES).tolist() == [False, False, False, True]
    either = {"any_of": [late, {"column": "k", "op": "eq", "value": "b"}]}
    assert oracle_mask(read_filter(either), AGES).tolist() == [False, True, False, True]


def test_real_counts_known_from_the_literature():
    table = real_table()
    for column, value, size in (
        ("InternetService", "Fiber optic", 3096),
        ("Contract", "Month-to-month", 3875),
        ("PaymentMethod", "Electronic check", 2365),
        ("SeniorCitizen", "1", 1142),
    ):
        row = {"column": column, "op": "eq", "value": value}
        assert oracle_mask(read_filter(row), table).sum() == size


def test_complement_of_conjunction_and_of_alternatives():
    table = synthetic_table(500)
    both = read_filter(FIBER, {"column": "tenure", "op": "ge", "value": 12})
    either = read_filter({"any_of": [FIBER, SENIOR]})
    for part in (both, either, both[:1]):
        assert (oracle_mask(part, table) ^ oracle_mask(complement(part), table)).all()
    for part in ((), both + either):
        with pytest.raises(ValueError, match="the rest of a group"):
            complement(part)


# scoring


def test_perfect_predictions_score_one(questions):
    result = score(questions, [perfect(each) for each in questions], synthetic_table(2000))
    assert set(result.splits) == {"dev", "held_out"}
    for part in result.splits.values():
        assert part.overall.exact_filter.value == part.overall.correct_refusal.value == 1
        assert part.overall.outcome.value == part.overall.ask.value == 1
        assert part.overall.false_refusal.value == 0
        assert part.failures == ()
        assert set(part.by_language) == {"en", "zh"}
        assert part.by_category["off_topic"].exact_filter is None
        assert part.by_category["service"].correct_refusal is None
    assert sum(part.overall.questions for part in result.splits.values()) == len(questions)


def test_refusing_everything_and_refusing_nothing(questions):
    table = synthetic_table(300)
    mute = score(questions, [{"answerable": False}] * len(questions), table)
    keen = score(questions, [{"answerable": True}] * len(questions), table)
    for split in ("dev", "held_out"):
        figures = mute.splits[split].overall
        assert figures.exact_filter.value == figures.ask.value == figures.outcome.value == 0
        assert figures.correct_refusal.value == figures.false_refusal.value == 1
        figures = keen.splits[split].overall
        assert figures.correct_refusal.value == figures.false_refusal.value == 0
        assert figures.exact_filter.value < 0.05  # right only where everyone was asked about


def scored(question, table, **change):
    part = score([question], [perfect(question) | change], table).splits[question.split]
    return part, part.failures[0].wrong if part.failures else ()


def test_each_fault_is_counted_once_where_it_belongs(questions):
    table = synthetic_table(2000)
    q = next(
        each for each in questions if each.cohort == read_filter(FIBER) and each.outcome == "left"
    )
    assert scored(q, table, ask="compare" if q.ask == "why" else "why")[1] == ("ask",)
    assert scored(q, table, outcome="stayed")[1] == ("outcome",)
    assert scored(q, table, cohort=[SENIOR])[1] == ("exact_filter",)
    assert scored(q, table, compare_to=[])[1] == ("exact_filter",)
    part, wrong = scored(q, table, answerable=False)
    assert set(wrong) == {"exact_filter", "false_refusal", "ask", "outcome"}
    assert part.failures[0].expected["cohort"] == [FIBER]


def test_filters_count_by_rows_and_not_by_spelling(questions):
    table = synthetic_table(2000)
    q = next(each for each in questions if each.cohort == read_filter(FIBER))
    same = [{"column": "InternetService", "op": "not_in", "value": ["DSL", "No"]}]
    assert scored(q, table, cohort=same)[1] == ()
    new = next(
        each
        for each in questions
        if each.text == "Why do fiber customers leave in their first six months?"
    )
    assert scored(new, table, cohort=[FIBER, {"column": "tenure", "op": "lt", "value": 7}])[1] == ()
    assert scored(new, table, cohort=[FIBER, {"column": "tenure", "op": "lt", "value": 6}])[1] == (
        "exact_filter",
    )


def test_order_of_a_comparison_counts(questions):
    table = synthetic_table(2000)
    q = next(each for each in questions if each.compare_to is not None)
    right = perfect(q)
    swapped = {"cohort": right["compare_to"], "compare_to": right["cohort"]}
    assert scored(q, table, **swapped)[1] == ("exact_filter",)
    assert scored(q, table, compare_to=None)[1] == ("exact_filter",)


def test_outcome_is_not_scored_where_the_question_fixes_none(questions):
    table = synthetic_table(300)
    q = next(each for each in questions if each.ask == "what_to_do")
    for outcome in ("left", "stayed"):
        part, wrong = scored(q, table, outcome=outcome)
        assert wrong == ()
        assert part.overall.outcome is None


def test_intervals_failures_and_other_keys(questions):
    table = synthetic_table(300)
    some = [each for each in questions if not each.answerable and each.split == "dev"][:20]
    predictions = [{"answerable": i < 5, "question": "…"} for i in range(20)]
    part = score(some, predictions, table, max_failures=3).splits["dev"]
    refusal = part.overall.correct_refusal
    assert (refusal.value, refusal.n) == (0.75, 20)
    # Wilson's closed form for 15 of 20 at z = 1.959964
    z2 = 1.959964**2
    half = 1.959964 * np.sqrt(0.75 * 0.25 / 20 + z2 / 1600) / (1 + z2 / 20)
    middle = (0.75 + z2 / 40) / (1 + z2 / 20)
    assert refusal.low == pytest.approx(middle - half, abs=1e-6)
    assert refusal.high == pytest.approx(middle + half, abs=1e-6)
    assert part.failure_count == 5
    assert [failure.id for failure in part.failures] == [each.id for each in some[:3]]


def test_malformed_predictions_are_refused(questions):
    table = synthetic_table(50)
    with pytest.raises(ValueError, match="got 0 for 1"):
        score(questions[:1], [], table)
    with pytest.raises(ValidationError, match="cohort"):
        score(questions[:1], [{"answerable": True, "cohort": [{"column": "tenure"}]}], table)
