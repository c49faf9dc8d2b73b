"""A batch says what each dialogue says alone, and reads what repeats once."""

import numpy as np
import pytest

from churnlens.tasks.summary.linear import BITS, Case, features, hashed, place_of
from churnlens.tasks.summary.reader import Reader
from churnlens.tasks.summary.units import clauses, tokens
from tasks.summary.support import demo, dialogue

TEXTS = (
    "My parcel 1234 is late, and nobody answers!",
    "我的快递还没到，已经三天了。😀 ½",
    "",
    "\ud83d",
    "x" * 300,
)
CASES = [Case({"unit": each, "before": TEXTS[0]}, {"short": 0.5, "asked": 1.0}) for each in TEXTS]
CASES += [Case({"said": TEXTS[1]}, {}), Case({}, {"short": 2.0}), *CASES[:2]]


def weights():
    return np.random.default_rng(0).normal(size=1 << BITS)


def test_a_table_weighs_what_the_hashed_rows_weigh():
    assert Reader().table(CASES) @ weights() == pytest.approx(hashed(CASES) @ weights(), abs=1e-12)
    assert (Reader().table([]) @ weights()).shape == (0,)


def test_a_case_alone_weighs_the_same_to_the_last_bit():
    together = Reader().table(CASES) @ weights()
    assert together.tolist() == [float((Reader().table([e]) @ weights())[0]) for e in CASES]


def test_places_are_those_of_the_hash():
    table = Reader().table([Case({"after": TEXTS[1]}, {})])
    assert table.places.tolist() == [place_of(each, "after:") for each in features(TEXTS[1])]


def test_a_text_is_read_once(monkeypatch):
    read = []
    monkeypatch.setattr(
        "churnlens.tasks.summary.reader.features", lambda text: read.append(text) or features(text)
    )
    reader = Reader()
    reader.table(CASES)
    reader.table(CASES)
    assert sorted(read) == sorted(TEXTS)


@pytest.mark.parametrize("least", [0, 2, 3])
def test_clauses_and_tokens_are_the_plain_ones(least):
    reader = Reader()
    for text in (*TEXTS, "One two. three four five? six, seven eight nine ten"):
        assert reader.clauses(text, least) == clauses(text, least)
        assert reader.tokens(text) == tuple(tokens(text))


def test_a_batch_of_dialogues_says_what_each_says_alone(parts):
    for language, part in parts.items():
        many = [each for each in demo() if each.language == language][:15]
        many += [dialogue("", ("customer", TEXTS[0])), many[0], dialogue(*TEXTS[:2] * 5)]
        assert part.summarise_all(many) == [part.summarise(each) for each in many]
        assert part.summarise_all([]) == []


@pytest.mark.parametrize("by_turn", [True, False])
def test_closed_fields_of_a_batch_are_those_of_each(parts, by_turn):
    many = [each for each in demo() if each.language == "en"][:10]
    for judge in parts["en"].closed.values():
        changed = judge.model_copy(update={"by_turn": by_turn})
        assert changed.judge_all(many, Reader()) == [changed.judge(each) for each in many]
