import pytest

from churnlens.dialogues.form import FaultError
from churnlens.dialogues.readers.transcript import parse_transcript


@pytest.mark.parametrize(
    ("text", "turns"),
    [
        (
            "Customer: hi\nthere\nAgent 2: yes",
            [("customer", "hi\nthere"), ("agent", "yes")],
        ),
        (
            "概述：用户：你好？客服：在。用户：好",
            [("customer", "你好？"), ("agent", "在。"), ("customer", "好")],
        ),
        ("机器人：您好\n顾客: 转人工", [("bot", "您好"), ("customer", "转人工")]),
        ("请联系客服：400", []),
        (
            "用户：你好 客服：您好 用户：退款",
            [("customer", "你好"), ("agent", "您好"), ("customer", "退款")],
        ),
        ("Customer: where is it Agent: coming", [("customer", "where is it"), ("agent", "coming")]),
        (
            "Customer: I asked your agent: no answer",
            [("customer", "I asked your agent: no answer")],
        ),
        ("用户A：你好\n客服小王：您好", [("customer", "你好"), ("agent", "您好")]),
        ("【用户】你好\n【客服01】：您好", [("customer", "你好"), ("agent", "您好")]),
        ("用户名：abc\n客服电话：400\n用户：好", [("customer", "好")]),
        ("Agents: two\nCustomer: hi", [("customer", "hi")]),
        ("The user: is unknown".replace("The user", "the-user"), []),
        ("", []),
    ],
)
def test_marks(text, turns):
    assert [(turn.speaker, turn.text) for turn in parse_transcript(text)] == turns


def test_a_turn_with_the_mark_of_another_speaker_is_a_fault():
    with pytest.raises(FaultError, match="turn 1, text: got the mark of another speaker"):
        parse_transcript("用户：你好 客服：您好\n客服：还在吗")
