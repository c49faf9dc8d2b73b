import json
from pathlib import Path

import pandas as pd
import pytest
from kedro.io.core import DatasetError

from churnlens.datasets.jsonl import dump_rows
from churnlens.dialogues.form import Dialogue, Reading, Turn
from churnlens.dialogues.reading import read_dialogues
from churnlens.dialogues.sides import dialogues_of
from churnlens.options import DialogueOptions
from churnlens.pipelines.data_processing.dialogues import prepare_dialogues
from churnlens.schema import read_schema
from churnlens.simulation import plain_rows, simulate_dialogues

OPTIONS = DialogueOptions()
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def demo():
    return simulate_dialogues(300, 5)


@pytest.fixture(scope="module")
def reading(demo):
    return read_dialogues(dump_rows(plain_rows(demo)).decode())


@pytest.fixture(scope="module")
def prepared(reading):
    return prepare_dialogues(reading, OPTIONS)


def test_no_planted_personal_value_is_left_anywhere(demo, prepared):
    rows, report = prepared
    text = json.dumps(rows, ensure_ascii=False)
    truth = demo.dialogue_truth
    planted = truth[truth.personal_kinds.str.fullmatch("phone|email|order")]
    assert len(planted) > 10
    assert not [value for value in planted.personal_values if value in text]
    assert {"email", "order", "phone"} <= set(report["removed"])


def test_every_dialogue_has_a_side_and_no_customer_two(prepared):
    rows, report = prepared
    assert len(rows) == 300 == sum(report["sides"].values())
    assert report["customers_on_two_sides"] == 0
    homes = {}
    for row in rows:
        homes.setdefault(row["customer"], set()).add(row["side"])
    assert {len(sides) for sides in homes.values()} == {1}


def test_a_scenario_is_held_out_whole(reading):
    rows, report = prepare_dialogues(reading, DialogueOptions(family="scenario"))
    pairs = {(row["labels"]["scenario"], row["side"]) for row in rows}
    assert len(pairs) == report["groups"] == 30
    assert report["customers_on_two_sides"] > 0


def test_labels_and_ratings_stay_with_the_turns(demo, prepared):
    truth = demo.dialogue_truth.set_index("id")
    for each in dialogues_of(prepared[0]):
        assert each.labels["reason"] == truth.reason[each.id]
        assert each.labels["accepted"] == truth.accepted[each.id]
        assert len(each.overall) == 3
    rated = sum(bool(turn.ratings) for each in dialogues_of(prepared[0]) for turn in each.turns)
    assert rated == len(demo.turn_truth) == prepared[1]["read"]["rated_turns"]


def test_the_same_input_gives_the_same_bytes(reading, prepared):
    assert dump_rows(prepare_dialogues(reading, OPTIONS)[0]) == dump_rows(prepared[0])


def test_what_could_not_be_read_is_in_the_counts(reading):
    lines = [dump_rows(plain_rows(simulate_dialogues(60, 2))).decode(), '{"id": 1}', "{broken"]
    _, report = prepare_dialogues(
        read_dialogues("".join(lines[:1]) + "\n".join(lines[1:])), OPTIONS
    )
    assert report["read"]["faults"] == 2
    assert report["read"]["first_faults"][0].startswith("row 61, turns: got nothing, expected")


def spoken(*turns, customer=None, number=1) -> Dialogue:
    told = [Turn(speaker=speaker, text=text) for speaker, text in turns]
    return Dialogue(id=f"D{number}", turns=told, source="t", language="en", customer=customer)


def test_a_customer_of_notices_alone_is_dropped_and_nothing_left_is_told():
    notice = spoken(("customer", "[link]"), ("agent", "hello"))
    with pytest.raises(DatasetError, match="no customer says a word .*check-data"):
        prepare_dialogues(Reading(dialogues=(notice,), faults=()), OPTIONS)


def test_too_few_dialogues_for_the_sides_are_told():
    few = Reading(dialogues=(spoken(("customer", "too slow")),), faults=())
    with pytest.raises(DatasetError, match=r"no dialogue for .*data_processing\.seed"):
        prepare_dialogues(few, OPTIONS)


def test_personal_keys_are_hashed_machines_told_apart_and_all_is_counted(reading):
    odd = [
        spoken(("customer", "slow"), ("agent", "[自动回复] 您好"), customer="13800138000"),
        spoken(("customer", "[link]"), ("agent", "hello"), number=2),
        spoken(("customer", "slow"), ("agent", ""), customer="13800138000", number=3),
    ]
    mixed = Reading(dialogues=(*reading.dialogues, *odd), faults=())
    rows, report = prepare_dialogues(mixed, OPTIONS)
    keys = [row.get("customer") for row in rows[-2:]]
    assert keys[0] == keys[1] and keys[0].startswith("key_")
    assert report["hashed_keys"] == 2
    assert report["told_apart"]["customer to system"] == 1
    assert report["dropped_without_customer"] == 1
    assert report["empty_turns"] >= 1


def test_a_long_file_is_thinned_evenly(reading, prepared):
    rows, report = prepare_dialogues(reading, OPTIONS.model_copy(update={"max_dialogues": 80}))
    ids, count = [each.id for each in reading.dialogues], len(reading.dialogues)
    assert [row["id"] for row in rows] == [ids[n * count // 80] for n in range(80)]
    assert report["taken"] == 80 and report["read"]["dialogues"] == count
    assert prepared[1]["taken"] == count


def test_a_customers_name_in_the_table_goes_from_the_customers_own_dialogues(reading):
    """Nothing in the text introduces them: the table alone says that they are names."""
    first, second, *others = reading.dialogues
    said = Turn(speaker="customer", text="tell gonzalez, 请转告钱国庆，maria")
    named = [
        each.model_copy(update={"customer": key, "turns": (said, *each.turns[1:])})
        for each, key in ((first, "a@b.com"), (second, "C-2"))
    ]
    mixed = Reading(dialogues=(*named, *others), faults=())
    schema = read_schema(ROOT / "conf/base/schemas/telco.yml").model_dump(mode="json")
    table = pd.DataFrame(
        {
            "customerID": ["a@b.com ", " C-2", "C-3"],
            "CustomerName": ["Maria Gonzalez", "钱国庆", None],
        }
    )
    rows, report = prepare_dialogues(mixed, OPTIONS, table, schema)
    assert rows[0]["turns"][0]["text"] == "tell [name_1], 请转告钱国庆，[name_2]"
    assert rows[1]["turns"][0]["text"] == "tell gonzalez, 请转告[name_1]，maria"
    assert report["named_in_table"] == 2
    for absent in (None, table[["customerID"]], table[["CustomerName"]]):
        rows, report = prepare_dialogues(mixed, OPTIONS, absent, schema)
        assert rows[0]["turns"][0]["text"] == said.text
        assert report["named_in_table"] == 0


def test_a_name_is_found_by_a_key_in_another_case_and_two_rows_give_two_names(reading):
    first, *others = reading.dialogues
    said = Turn(speaker="customer", text="gonzalez here, ask dupont")
    named = first.model_copy(update={"customer": "7590-vhveg", "turns": (said, *first.turns[1:])})
    mixed = Reading(dialogues=(named, *others), faults=())
    schema = read_schema(ROOT / "conf/base/schemas/telco.yml").model_dump(mode="json")
    table = pd.DataFrame(
        {
            "customerID": ["7590-VHVEG", "7590-VHVEG ", "7590-Vhveg"],
            "CustomerName": ["Maria Gonzalez", "Jean Dupont", " "],
        }
    )
    rows, report = prepare_dialogues(mixed, OPTIONS, table, schema)
    assert rows[0]["turns"][0]["text"] == "[name_1] here, ask [name_2]"
    assert report["named_in_table"] == 1
