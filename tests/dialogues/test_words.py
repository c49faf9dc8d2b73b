import pytest

from churnlens.dialogues.form import FaultError
from churnlens.dialogues.words import language_of, ratings_of, speaker_of


@pytest.mark.parametrize(
    ("word", "speaker"),
    [
        ("Customer", "customer"),
        (" USER: ", "customer"),
        ("顾客", "customer"),
        ("human", "customer"),
        ("Agent 2", "agent"),
        ("客服01：", "agent"),
        ("gpt", "agent"),
        ("机器人", "bot"),
        ("系统消息", "system"),
        ("tool", "system"),
    ],
)
def test_speakers(word, speaker):
    assert speaker_of(word, "speaker") == speaker


@pytest.mark.parametrize("word", ["Maria Gonzalez", "", "1", None, 3, ["user"]])
def test_another_speaker_is_a_fault_and_not_shown(word):
    with pytest.raises(FaultError) as caught:
        speaker_of(word, "speaker")
    assert "Maria" not in str(caught.value)


@pytest.mark.parametrize(
    ("texts", "language"),
    [
        (["where is my order?"], "en"),
        (["我的订单呢"], "zh"),
        (["iPhone X 多少钱"], "zh"),
        (["The word 好 means good"], "en"),
        (["😀 123"], "en"),
        ([], "en"),
        (["hello there", "请问有什么可以帮您"], "zh"),
    ],
)
def test_languages(texts, language):
    assert language_of(texts) == language


@pytest.mark.parametrize(
    ("value", "ratings"),
    [
        (None, ()),
        ("", ()),
        (3, (3,)),
        (2.5, (2.5,)),
        ("3,4,3", (3, 4, 3)),
        ("3；4", (3, 4)),
        ([3, None, "4"], (3, 4)),
        ([], ()),
    ],
)
def test_ratings(value, ratings):
    assert ratings_of(value, "ratings") == ratings


@pytest.mark.parametrize("value", ["good", True, {"a": 1}, [[3]], [False], "3,x", 10**400])
def test_no_ratings(value):
    with pytest.raises(FaultError, match="numbers, one a rater"):
        ratings_of(value, "ratings")
