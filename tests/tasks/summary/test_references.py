"""References in every known form, and what their sentences stand for."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlens.tasks.summary.references import answer_of, references_of, unread
from tasks.summary.support import demo, dialogue


@pytest.mark.parametrize(
    ("field", "told", "answer"),
    [
        ("accepted", "用户接受客服方案并表示感谢", "yes"),
        ("accepted", "用户不接受客服方案", "no"),
        ("accepted", "用户拒绝了退款方案", "no"),
        ("accepted", "用户未明确表示是否接受", "unclear"),
        ("accepted", "用户表示再考虑一下", "unclear"),
        ("accepted", "The customer accepted the offer.", "yes"),
        ("accepted", "The customer did not accept the offer.", "no"),
        ("accepted", "The customer didn't agree.", "no"),
        ("accepted", "It is unclear whether the customer accepted.", "unclear"),
        ("negative_emotion", "用户没有表现出负面情绪", "no"),
        ("negative_emotion", "用户有负面情绪", "yes"),
        ("negative_emotion", "用户对服务表示不满", "yes"),
        ("negative_emotion", "用户感到无奈和失望", "yes"),
        ("negative_emotion", "The customer was angry.", "yes"),
        ("negative_emotion", "No negative emotion.", "no"),
        ("accepted", "是", "yes"),
        ("accepted", "否", "no"),
        ("negative_emotion", "未明确", "unclear"),
        ("negative_emotion", "1", "yes"),
        ("negative_emotion", 0, "no"),
        ("negative_emotion", True, "yes"),
        ("accepted", "Yes.", "yes"),
        ("accepted", "", None),
        ("accepted", None, None),
        ("accepted", "蓝色", None),
    ],
)
def test_a_sentence_stands_for_a_value_by_the_rules(field, told, answer):
    assert answer_of(field, told) == answer


@given(st.text(max_size=80))
def test_no_sentence_breaks_the_rules(told):
    assert answer_of("accepted", told) in {"yes", "no", "unclear", None}


def test_planted_truth_comes_from_the_labels():
    told = dialogue(
        "a b",
        "c d",
        labels={
            "user_problem": "P.",
            "agent_solution": "S.",
            "accepted": "no",
            "negative_emotion": "yes",
            "negative_emotion_evidence": "0;2",
            "accepted_evidence": "",
        },
    )
    (reference,) = references_of(told)
    assert reference.summary().accepted == "no"
    assert reference.evidence == {"negative_emotion": (0, 2)}


def test_every_demo_dialogue_has_a_whole_reference():
    for each in demo():
        (reference,) = references_of(each)
        assert reference.summary().text(each.language)


def test_the_recipe_form_may_have_sentences_as_values():
    content = {
        "用户问题": "想退货",
        "客服方案": "指引用户申请退货",
        "是否接受": "用户接受客服方案并表示感谢",
        "是否负面情绪": "用户没有表现出负面情绪",
    }
    told = dialogue("退货", "好", language="zh", references=(json.dumps(content),))
    (reference,) = references_of(told)
    assert (reference.accepted, reference.negative_emotion) == ("yes", "no")
    assert reference.user_problem == "想退货"


def test_sentences_are_a_problem_and_a_solution():
    told = dialogue(
        "x y",
        "z",
        references=("Wifi is down. Agent asks to restart. Then DM.", "One only"),
        labels={"is_negative": "1"},
    )
    first, second = references_of(told)
    assert first.user_problem == "Wifi is down."
    assert first.agent_solution == "Agent asks to restart. Then DM."
    assert (first.accepted, first.negative_emotion) == (None, "yes")
    assert (second.user_problem, second.agent_solution) == ("One only", "")


def test_json_of_another_form_is_counted_as_unread():
    told = dialogue("x y", "z", references=('{"summary": "x"}', "{broken", "Fine. Yes."))
    assert len(references_of(told)) == 1
    assert unread(told) == 2
    assert unread(demo()[0]) == 0
