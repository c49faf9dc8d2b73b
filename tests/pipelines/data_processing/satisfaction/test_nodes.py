import json

import pytest

from churnlens.datasets.jsonl import dump_rows
from churnlens.dialogues.reading import read_dialogues
from churnlens.dialogues.sides import dialogues_of
from churnlens.options import DialogueOptions
from churnlens.pipelines.data_processing.dialogues import prepare_dialogues
from churnlens.pipelines.data_processing.satisfaction.nodes import review_labels, write_cases
from churnlens.simulation import plain_rows, simulate_dialogues

OPTIONS = DialogueOptions()


@pytest.fixture(scope="module")
def demo():
    return simulate_dialogues(300, 5)


@pytest.fixture(scope="module")
def reading(demo):
    return read_dialogues(dump_rows(plain_rows(demo)).decode())


@pytest.fixture(scope="module")
def prepared(reading):
    return prepare_dialogues(reading, OPTIONS)


def test_the_review_is_of_every_side_and_names_it(prepared):
    report = review_labels(prepared[0], OPTIONS)
    assert report["turns"]["raters"] == {"3": report["turns"]["rated"]}
    assert 0.6 < report["turns"]["alpha"] < 0.9
    sides = {row["id"]: row["side"] for row in prepared[0]}
    for each in report["likely_errors"]["listed"]:
        assert each["side"] == sides[each["dialogue"]]
    json.dumps(report, allow_nan=False)


def test_cases_are_of_the_train_side_and_know_only_the_customers_words(prepared):
    cases, tests = write_cases(prepared[0])
    sides = {row["id"]: row["side"] for row in prepared[0]}
    assert {sides[each] for each in cases["dialogue"]} == {"train"}
    assert {sides[each] for each in tests["dialogue"]} == {"test"}
    assert not set(cases["customer"]) & set(tests["customer"])
    assert list(cases) == list(tests)
    whole = {each.id: each for each in dialogues_of(prepared[0])}
    for name, text in zip(cases["dialogue"], cases["passage"], strict=True):
        said = [t.text for t in whole[name].turns if t.speaker == "customer" and t.text]
        assert text.split("\n") == "\n".join(said).split("\n")
