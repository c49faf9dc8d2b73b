"""The question bench: its data, and how questions are made of it."""

import re
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from churnlens.evaluation.oracle import oracle_mask
from churnlens.evaluation.question_bench import divide, generate, read_bench
from churnlens.schema import read_schema
from churnlens.simulation import simulate_customers
from evaluation.bench_support import (
    FIBER,
    REPO,
    read_filter,
    real_table,
)

CATEGORIES = ("service", "demographics", "contract", "tenure")
CATEGORIES += ("sentiment", "pricing", "comparison", "action")


def demo_table():
    """Return the customers that `demo-data` writes, charges as numbers."""
    table = simulate_customers().customers
    charges = pd.to_numeric(table["TotalCharges"], errors="coerce").fillna(0.0)
    return table.assign(TotalCharges=charges)


def plain(text):
    return re.sub(r"\W+", " ", text.lower()).strip()


# the data of the bench


def test_size_languages_and_unanswerable_share(bench):
    for seed in range(3):
        made = {split: generate(bench, split, seed) for split in ("dev", "held_out")}
        assert len(made["held_out"]) >= 300
        for split, (low, high) in {"dev": (0.10, 0.20), "held_out": (0.17, 0.23)}.items():
            assert 0.45 <= np.mean([each.language == "zh" for each in made[split]]) <= 0.55
            for language in ("en", "zh"):
                refused = [not q.answerable for q in made[split] if q.language == language]
                assert low <= np.mean(refused) <= high


@pytest.mark.parametrize("language", ["en", "zh"])
def test_dev_is_wide_enough_to_learn_from(bench, language):
    for seed in range(3):
        asked = {plain(q.text): q for q in generate(bench, "dev", seed) if q.language == language}
        counts = Counter(each.category for each in asked.values())
        assert {name: counts[name] for name in CATEGORIES if counts[name] < 8} == {}
        assert sum(each.answerable for each in asked.values()) - counts["too_few"] >= 150
        assert counts["too_few"] >= 0.12 * len(asked)
        asks = {each.ask for each in asked.values() if each.category == "too_few"}
        assert asks == {"why", "how_many", "compare", "what_to_do"}


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
    wanted += "undefined_group contradiction unknown_topic time person off_topic injection too_few"
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

    shared = len(templates("dev") & templates("held_out"))  # a count: held-out texts stay unseen
    assert not shared
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
        assert mask.sum() >= 30 or question.category == "too_few", question.text
        assert mask.all() == (question.cohort == ()), question.text
        if question.compare_to is not None:
            other = oracle_mask(question.compare_to, table)
            assert other.sum() >= 30, question.text
            assert not (mask & other).any(), question.text


@pytest.mark.parametrize("customers", [demo_table, real_table])
def test_too_few_is_so_on_the_demo_and_on_the_public_table_and_only_there(questions, customers):
    table = customers()
    for question in questions:
        few = question.category == "too_few"
        if not question.answerable or (question.split == "held_out" and not few):
            continue
        groups = [question.cohort, *([question.compare_to] if question.compare_to else [])]
        churn = [table["Churn"][oracle_mask(group, table)] for group in groups]
        small = [len(c) < 30 or (c == "Yes").sum() < 10 or (c == "No").sum() < 10 for c in churn]
        assert any(small) == few, question.text


def test_the_rest_is_exactly_the_other_rows(questions, table):
    rests = [each for each in questions if "versus_rest" in each.family and each.answerable]
    assert len(rests) >= 16
    for each in rests:
        mask = oracle_mask(each.cohort, table)
        assert (mask ^ oracle_mask(each.compare_to, table)).all()


# dividing it


def texts_of(bench, language):
    """Return the templates and the texts of the phrases of `dev`, and its plain questions."""
    section = bench.splits["dev"][language]
    phrases = [phrase for group in section.phrases.values() for phrase in group]
    questions = [q for q in generate(bench, "dev") if q.language == language]
    return (
        {plain(template) for family in section.families for template in family.templates},
        {plain(text) for phrase in phrases for text in phrase.texts.values()},
        {plain(each.text) for each in questions},
    )


@pytest.mark.parametrize("share", [0.1, 0.2, 0.45])
@pytest.mark.parametrize("seed", [0, 1, 7])
def test_the_parts_of_dev_share_no_template_no_phrase_and_no_question(bench, share, seed):
    larger, smaller = divide(bench, share, seed)
    for language in ("en", "zh"):
        whole = texts_of(bench, language)[:2]
        parts = [texts_of(part, language) for part in (larger, smaller)]
        for one, other in zip(*parts, strict=True):
            assert one and other and not one & other
        for all_of_it, one, other in zip(whole, *parts, strict=False):
            assert one | other == all_of_it


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_every_kind_is_in_both_parts(bench, seed):
    larger, smaller = divide(bench, 0.2, seed)
    for language, section in bench.splits["dev"].items():
        kinds = Counter(family.category or ",".join(family.groups) for family in section.families)
        many = {kind for kind, count in kinds.items() if count >= 5}
        assert many
        for part in (larger, smaller):
            told = part.splits["dev"][language]
            originals = {family.name: family for family in section.families}
            kept = [originals[family.name] for family in told.families]
            assert many <= {each.category or ",".join(each.groups) for each in kept}
            groups = {group for group, each in section.phrases.items() if len(each) > 1}
            assert groups <= set(told.phrases)
        taken = len(smaller.splits["dev"][language].families)
        assert taken == int(0.2 * len(section.families))


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_the_categories_are_spread(bench, seed):
    larger, smaller = (
        {(q.language, q.category) for q in generate(part, "dev", seed)}
        for part in divide(bench, 0.2, seed)
    )
    wanted = {(language, name) for language in ("en", "zh") for name in (*CATEGORIES, "too_few")}
    assert not wanted - larger
    assert len(wanted - smaller) <= 1  # 16 and 2, of a fifth of the families
    for part in divide(bench, 0.2, seed):
        refused = [not each.answerable for each in generate(part, "dev", seed)]
        assert 0.08 <= np.mean(refused) <= 0.25


def test_the_held_out_questions_stay_as_they_are(bench):
    whole = generate(bench, "held_out", 7)
    assert all(whole == generate(part, "held_out", 7) for part in divide(bench, 0.2, 7))


def test_the_same_seed_divides_the_same_way_and_another_one_otherwise(bench):
    assert divide(bench, 0.2, 3) == divide(bench, 0.2, 3)
    assert divide(bench, 0.2, 3) != divide(bench, 0.2, 4)


def test_phrases_that_share_a_text_stay_together():
    raw = tiny_bench(groups=["service", "pair"], templates=["{x}: why?"])
    phrases = raw["dev"]["en"]["phrases"]
    names = [f"users of {name}" for name in ("fiber", "dsl", "cable", "phone", "none", "tv")]
    phrases["service"] = [{"x": name} for name in names]
    phrases["pair"] = [{"x": name.upper()} for name in names]
    raw["dev"]["en"]["families"] *= 4
    for seed in range(5):
        larger, smaller = divide(read_bench(raw), 0.34, seed)
        for part, count in ((larger, 4), (smaller, 2)):
            groups = part.splits["dev"]["en"].phrases
            service, pair = ([p.texts["x"].lower() for p in groups[g]] for g in ("service", "pair"))
            assert service == pair and len(service) == count


def test_a_phrase_that_is_alone_in_its_group_goes_to_the_larger_part():
    raw = tiny_bench()
    raw["dev"]["en"]["phrases"]["service"].pop()
    raw["dev"]["en"]["families"] *= 5
    larger, smaller = divide(read_bench(raw), 0.2)
    assert list(larger.splits["dev"]["en"].phrases) == ["service"]
    assert smaller.splits["dev"]["en"].phrases == {}
    assert generate(smaller, "dev") == ()  # a family without phrases asks nothing
    assert len(generate(larger, "dev")) == 4


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
