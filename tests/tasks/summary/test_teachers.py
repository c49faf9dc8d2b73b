"""Teachers reply in one form; only what passes the gates becomes a row."""

import json

from churnlens.datasets.chat_forms import to_messages
from churnlens.tasks.summary import teachers
from churnlens.tasks.summary.contract import read_summary
from churnlens.tasks.summary.teachers import (
    ModelTeacher,
    ReferenceTeacher,
    describe_rows,
    faults,
    make_rows,
)
from churnlens.tasks.summary.writers import ModelWriter
from churnlens.tasks.teaching import Reply
from tasks.summary.support import PROMPT, SUMMARY, Says, demo, dialogue

TOLD = dialogue("my parcel is 3 days late", "the agent offered $5", "okay", key="a")


def rows_of(text, told=TOLD):
    return make_rows({"training": [told]}, {told.id: Reply(text=text)}, PROMPT)


def test_the_reference_teacher_gives_what_is_known():
    own = demo()[:20]
    replies = ReferenceTeacher().answer(own)
    for each, reply in zip(own, replies, strict=True):
        summary = read_summary(reply.text, each.language)
        assert summary.accepted == each.labels["accepted"]
    assert ReferenceTeacher().answer([TOLD])[0].error == "no reference"


def test_other_rules_of_the_reference_teacher_are_another_recipe(monkeypatch):
    before = ReferenceTeacher().recipe
    assert before == ReferenceTeacher().recipe
    monkeypatch.setattr(teachers, "code_hash", lambda: "of other rules")
    assert ReferenceTeacher().recipe != before


def test_a_model_teacher_asks_inside_the_grammar():
    says = Says(SUMMARY.text("en"))
    teacher = ModelTeacher(ModelWriter("m 1", says, PROMPT, ("en",)))
    assert teacher.answer([TOLD]) == [Reply(text=SUMMARY.text("en"))]
    assert [teacher.request(TOLD)] == [request.model_dump(mode="json") for request in says.asked]
    assert teacher.name == "m 1" and "m 1" in json.dumps(teacher.recipe)


def test_a_model_teacher_is_asked_in_its_languages_only():
    says = Says(SUMMARY.text("en"))
    foreign = dialogue("包裹没到", "抱歉", language="zh", key="z")
    replies = ModelTeacher(ModelWriter("m", says, PROMPT, ("en",))).answer([foreign, TOLD])
    assert "language" in replies[0].error and replies[1].text
    assert [request.key for request in says.asked] == ["a"]


def test_a_row_is_system_dialogue_and_answer():
    (row,), refused = rows_of(SUMMARY.text("en"))
    assert not refused
    assert [m["role"] for m in row["messages"]] == ["system", "user", "assistant"]
    assert row["messages"][-1]["content"] == SUMMARY.text("en")
    assert (row["split"], row["family"], row["language"]) == ("training", "a", "en")
    assert to_messages(row)


def test_each_gate_refuses():
    wrong = SUMMARY.model_copy(update={"user_problem": "The parcel is 4 days late."})
    other = SUMMARY.model_copy(
        update={"user_problem": "Purple elephants dance.", "agent_solution": "Nobody sings here."}
    )
    assert rows_of(wrong.text("en"))[1][0].why == ("numbers",)
    assert rows_of(other.text("en"))[1][0].why == ("no_evidence",)
    assert rows_of("{}")[1][0].why == ("contract: summary",)
    assert make_rows({"training": [TOLD]}, {}, PROMPT)[1][0].why == ("error: not asked",)


def test_near_duplicates_are_taken_once():
    again = TOLD.model_copy(update={"id": "b"})
    replies = {key: Reply(text=SUMMARY.text("en")) for key in ("a", "b")}
    rows, refused = make_rows({"training": [TOLD], "validation": [again]}, replies, PROMPT)
    assert [row["id"] for row in rows] == ["a"]
    assert [(each.id, each.why) for each in refused] == [("b", ("near_duplicate",))]


def test_planted_truth_passes_the_gates():
    own = demo()
    replies = dict(zip((d.id for d in own), ReferenceTeacher().answer(own), strict=True))
    rows, refused = make_rows({"training": own}, replies, PROMPT, "scenario")
    report = describe_rows(rows, refused, "reference")
    assert report["accepted"] > 0.9
    assert report["rows"] + sum(report["refused"].values()) == len(own)
    assert report["families"] <= 30 and set(report["language"]) == {"en", "zh"}


def test_no_fault_of_a_true_summary():
    assert faults(SUMMARY, TOLD) == ()
