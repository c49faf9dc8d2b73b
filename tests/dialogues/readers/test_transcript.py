import pytest

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
        ("The user: is unknown".replace("The user", "the-user"), []),
        ("", []),
    ],
)
def test_marks(text, turns):
    assert [(turn.speaker, turn.text) for turn in parse_transcript(text)] == turns
