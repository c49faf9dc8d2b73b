import json

from churnlens.dialogues.form import Scale
from churnlens.dialogues.reading import read_dialogues

ROW = {
    "id": "valid_0",
    "turns": [
        {"user": "在吗", "agent_after": "", "act": "OTHER", "sat3": None},
        {"user": "发票呢", "agent_after": "您好", "act": "是否提供发票", "sat3": 0},
    ],
    "overall_sat3": 2,
}


def test_an_answer_follows_its_question():
    (dialogue,) = read_dialogues(json.dumps(ROW)).dialogues
    assert [(t.speaker, t.text, t.act, t.ratings) for t in dialogue.turns] == [
        ("customer", "在吗", "OTHER", ()),
        ("customer", "发票呢", "是否提供发票", (0,)),
        ("agent", "您好", "", ()),
    ]
    assert (dialogue.id, dialogue.language, dialogue.overall) == ("valid_0", "zh", (2,))
    assert dialogue.scale == Scale(low=0, high=2)


def test_a_label_off_the_scale_is_a_fault():
    fault = read_dialogues(json.dumps(ROW | {"overall_sat3": 5})).faults[0]
    assert (fault.id, fault.what, fault.got) == ("valid_0", "overall", "5")
    row = ROW | {"turns": [ROW["turns"][0], {"agent_after": "您好"}]}
    assert read_dialogues(json.dumps(row)).faults[0].what == "turn 2, user"
