import json

import pytest

from churnlens.dialogues.reading import detect_form, read_dialogues

SAID = [("system", "be kind"), ("customer", "包裹呢"), ("agent", "稍等")]
ROLES = {"system": "system", "customer": "user", "agent": "assistant"}
FROM = {"system": "system", "customer": "human", "agent": "gpt"}


def _turns(row):
    reading = read_dialogues(json.dumps(row, ensure_ascii=False))
    assert not reading.faults
    return [(turn.speaker, turn.text) for turn in reading.dialogues[0].turns]


@pytest.mark.parametrize(
    ("form", "row"),
    [
        ("messages", {"messages": [{"role": ROLES[s], "content": t} for s, t in SAID]}),
        (
            "sharegpt",
            {
                "system": "be kind",
                "conversations": [{"from": FROM[s], "value": t} for s, t in SAID[1:]],
            },
        ),
        (
            "alpaca",
            {"instruction": "包裹呢", "input": "", "output": "稍等", "system": "be kind"},
        ),
        ("alpaca", {"instruction": "be kind", "input": "包裹呢", "output": "稍等"}),
    ],
)
def test_three_forms_of_one_dialogue(form, row):
    assert detect_form(json.dumps(row)) == form
    assert _turns(row) == SAID


def test_history_comes_first():
    row = {"instruction": "c", "output": "d", "history": [["a", "b"]]}
    assert _turns(row) == [("customer", "a"), ("agent", "b"), ("customer", "c"), ("agent", "d")]
    fault = read_dialogues(json.dumps(row | {"history": [["a", 3]]})).faults[0]
    assert fault.what == "history"


@pytest.mark.parametrize(
    "row",
    [
        {
            "instruction": "请概述",
            "input": "用户：坏了\n客服：可以退",
            "output": '{"用户问题": "坏"}',
        },
        {
            "prompt": "概述以下会话：用户：坏了客服：可以退".replace("了客", "了。客"),
            "response": '{"用户问题": "坏"}',
        },
    ],
)
def test_a_dialogue_inside_a_prompt_has_the_output_as_reference(row):
    (dialogue,) = read_dialogues(json.dumps([row])).dialogues
    assert [turn.speaker for turn in dialogue.turns] == ["customer", "agent"]
    assert dialogue.turns[1].text == "可以退"
    assert dialogue.references == ('{"用户问题": "坏"}',)


def test_speakers_need_not_alternate_and_content_is_a_text():
    row = {"messages": [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]}
    assert _turns(row) == [("customer", "a"), ("customer", "b")]
    row = {"messages": [{"role": "user", "content": [{"type": "text"}]}]}
    assert read_dialogues(json.dumps(row)).faults[0].what == "turn 1, content"
