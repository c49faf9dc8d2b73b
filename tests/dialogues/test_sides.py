import json
import random

import pytest
from pydantic import ValidationError

from churnlens.dialogues.form import Dialogue, Turn
from churnlens.dialogues.reading import read_dialogues
from churnlens.dialogues.sides import dialogues_of, divide, rows_of
from churnlens.options import DialogueOptions


def dialogue(number: int, customer: str | None = None, **labels: str) -> Dialogue:
    draw = random.Random(number)
    text = "".join(draw.choices("abcdefghijklmnopqrstuvwxyz ", k=120))
    return Dialogue(
        id=f"D{number}",
        turns=(Turn(speaker="customer", text=text, ratings=(2, 3)), Turn(speaker="agent", text="")),
        source="test",
        language="en",
        customer=customer,
        labels=labels,
    )


def homes(divided, key):
    """Value of a key of each dialogue → the sides that it is on."""
    found = {}
    for each, side in zip(divided.dialogues, divided.sides, strict=True):
        found.setdefault(key(each), set()).add(side)
    return found


@pytest.fixture(scope="module")
def dialogues():
    return [dialogue(n, f"C{n // 2}", scenario=f"s{n % 40}") for n in range(400)]


def test_a_customer_is_on_one_side(dialogues):
    divided = divide(dialogues, DialogueOptions())
    assert all(len(sides) == 1 for sides in homes(divided, lambda d: d.customer).values())
    assert set(divided.sides) == {"train", "validation", "calibration", "test"}
    assert 0.5 < divided.sides.count("train") / 400 < 0.7


def test_a_scenario_is_on_one_side_though_customers_are_not(dialogues):
    divided = divide(dialogues, DialogueOptions(family="scenario"))
    assert all(len(sides) == 1 for sides in homes(divided, lambda d: d.labels["scenario"]).values())
    assert max(map(len, homes(divided, lambda d: d.customer).values())) > 1
    assert [each.customer for each in divided.dialogues] == [each.customer for each in dialogues]


def test_without_the_label_the_customer_holds(dialogues):
    bare = [each.model_copy(update={"labels": {}}) for each in dialogues]
    divided = divide(bare, DialogueOptions(family="scenario"))
    assert all(len(sides) == 1 for sides in homes(divided, lambda d: d.customer).values())


def test_no_group_is_on_two_sides(dialogues):
    divided = divide(dialogues, DialogueOptions())
    pairs = set(zip(divided.groups, divided.sides, strict=True))
    assert len(pairs) == len(set(divided.groups)) == 200


def test_a_share_of_nothing_leaves_its_side_empty(dialogues):
    shares = {"train": 0.7, "validation": 0.1, "calibration": 0, "test": 0.2}
    assert "calibration" not in divide(dialogues, DialogueOptions(shares=shares)).sides


def test_too_few_dialogues_are_told():
    with pytest.raises(ValueError, match="no dialogue for .*: 2 dialogues in 2 groups"):
        divide([dialogue(1), dialogue(2)], DialogueOptions())


def test_rows_hold_the_whole_dialogue(dialogues):
    rows = rows_of(divide(dialogues, DialogueOptions()))
    rows = json.loads(json.dumps(rows))
    assert dialogues_of(rows) == dialogues
    train, test = dialogues_of(rows, "train"), dialogues_of(rows, "test")
    assert {each.id for each in train} == {row["id"] for row in rows if row["side"] == "train"}
    assert not {each.id for each in train} & {each.id for each in test}
    assert len(dialogues_of(rows, "train", "test")) == len(train) + len(test)


def test_the_reader_takes_the_rows_as_a_file(dialogues):
    rows = rows_of(divide(dialogues, DialogueOptions()))
    reading = read_dialogues("\n".join(map(json.dumps, rows)))
    assert not reading.faults
    assert list(reading.dialogues) == dialogues


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({"train": 0.5, "test": 0.4}, "add up to 1"),
        ({"train": 0.5, "validation": 0.5}, "train and test above 0"),
        ({"train": 0.5, "tests": 0.5}, "tests"),
    ],
)
def test_wrong_shares_are_told(shares, message):
    with pytest.raises(ValidationError, match=message):
        DialogueOptions(shares=shares)
