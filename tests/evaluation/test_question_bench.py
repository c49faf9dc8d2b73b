"""The question bench: its data, and how questions are made of it."""

import re
from collections import Counter

import numpy as np
import pytest
from pydantic import ValidationError

from churnlens.evaluation.oracle import oracle_mask
from churnlens.evaluation.question_bench import generate, read_bench
from churnlens.schema import read_schema
from evaluation.bench_support import (
    FIBER,
    REPO,
    read_filter,
)


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
