"""What closed fields know beside what they learned: the phrase books of a run."""

from pathlib import Path

import pytest
import yaml

from churnlens.dialogues.phrases import PhraseBook, PhraseFinder, joined
from churnlens.tasks.summary.closed import OFFERS, Judged, fit_closed, is_angry, whole_case
from churnlens.tasks.summary.reader import Reader
from tasks.summary.support import dialogue

BASE = Path(__file__).parents[3] / "conf/base"
OWN, ALERTS = (
    PhraseBook[str].model_validate(yaml.safe_load((BASE / name).read_text("utf-8")))
    for name in ("summary/phrases.yml", "satisfaction/alert_phrases.yml")
)
BOOK = joined(ALERTS, OWN)
READER = Reader(BOOK)
UNKNOWN = [  # words that nothing plain is said in
    Judged(dialogue(f"word{n}", "answer", f"more{n}"), value, (2,), str(n))
    for n in range(8)
    for value in ("yes", "no")
]


def judged(field, *said):
    value = fit_closed(UNKNOWN, field, BOOK)
    return value.judge_all([dialogue(*said)], READER)[0]


def test_a_plain_word_of_anger_is_emotion_without_having_been_learned():
    found = judged("negative_emotion", "it is late", "sorry", "This is ridiculous!", "sorry", "ok")
    assert (found.value, found.turns) == ("yes", (2,))
    assert judged("negative_emotion", "it is late", "sorry", "fine").value == "no"


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("Sounds good, thank you.", "yes"),
        ("No thanks, keep your voucher.", "no"),
        ("Let me think about it, sounds good though", "unclear"),
        ("Would that be okay?", "unclear"),
        ("那就换吧", "yes"),
        ("我拒绝", "no"),
        ("好的，但我不接受", "no"),
        ("我再考虑一下，好吧", "unclear"),
    ],
)
def test_a_plain_answer_to_an_offer(said, value):
    assert judged("accepted", "my lamp broke", "I can offer a refund", said).value == value


def test_nothing_is_taken_before_an_agent_has_answered():
    assert judged("accepted", "okay, sounds good").value == "unclear"
    greeted = dialogue(("agent", "How can I help?"), ("customer", "Yes, my lamp broke."))
    field = fit_closed(UNKNOWN, "accepted", BOOK)
    assert field.judge_all([greeted], READER)[0].value == "unclear"


@pytest.mark.parametrize(
    ("said", "value", "turns"),
    [
        (["Yes please.", "Done. Anything else?", "No thanks, that's all."], "yes", (2,)),
        (["那就换吧", "好的，还有其他问题吗？", "不用了，谢谢"], "yes", (2,)),
        (["I don't want that.", "I see.", "Thanks, bye."], "no", (2,)),
        (["Which one?", "The blue one.", "Thanks, bye."], "unclear", ()),
        (["No, I refuse.", "I see. Anything else?", "Yes, where is my invoice."], "no", (2,)),
        (["No, thank you.", "I see.", "Bye."], "no", (2,)),
        (["I refuse. Who is your manager?"], "no", (2,)),
        (["Is that okay? Would it be fine by me?"], "unclear", ()),
    ],
)
def test_the_last_turn_about_an_offer_decides(said, value, turns):
    found = judged("accepted", "my lamp broke", "I can offer a refund", *said)
    assert (found.value, found.turns) == (value, turns)


def test_what_was_learned_comes_first():
    meant = [
        Judged(dialogue("it is late", "sorry", text), value, (2,) if turns else (), str(n))
        for n in range(12)
        for text, value, turns in (("a bit slow", "unclear", True), ("fine by me", "no", False))
    ]
    field = fit_closed(meant, "negative_emotion", BOOK)
    told = dialogue("it is late", "sorry", "a bit slow, disappointing")
    assert field.judge_all([told], READER)[0].value == "unclear"


@pytest.mark.parametrize(
    "text",
    [
        "I'm not angry",
        "It's not terrible, just a small scratch",
        "Should I rip off the old label?",
        "没生气",
        "把我妈的电话写上",
        "我的空气炸锅什么时候发货",
        "麻烦人工客服处理一下",
        "早上当面签收的",
        "请问凭什么证件取货",
        "这么差价怎么算",
    ],
)
def test_what_is_no_anger(text):
    assert not is_angry(text, READER)


@pytest.mark.parametrize(
    "text", ["so late😡", "I've never seen such a mess", "气死我了", "别糊弄我"]
)
def test_what_is_anger(text):
    assert is_angry(text, READER)


def test_anger_is_a_figure_where_a_dialogue_is_judged_as_one_text():
    told = dialogue("this is a joke", "sorry", "pathetic", "sorry", "fine")
    assert whole_case(told, [0, 2, 4], "negative_emotion", READER).figures == {
        "angry": 1.0,
        "angry turns": pytest.approx(2 / 3),
    }
    assert whole_case(told, [0, 2, 4], "accepted", READER).figures == {}


def test_every_phrase_of_the_book_is_found_as_it_is_written():
    finder = PhraseFinder(OWN)
    for kind, words in OWN.kinds.items():
        for phrase in words.en + words.zh:
            said = phrase.replace("*", "").replace(" ... ", " this ").replace("...", "这")
            assert kind in finder.find(said), phrase


def test_every_kind_of_the_book_is_used():
    assert {"anger", *OFFERS, "ends", "asks_more"} == set(OWN.kinds)


def test_a_dialogue_judged_as_one_text_is_not_overruled():
    calm = [(f"I am disappointed but calm {n}", "no") for n in range(15)]
    cross = [(f"this lamp stopped {n}", "yes") for n in range(15)]
    rows = [
        Judged(dialogue(text), value, (), str(n)) for n, (text, value) in enumerate(calm + cross)
    ]
    field = fit_closed(rows, "negative_emotion", BOOK)
    assert field.judge_all([rows[0].dialogue], READER)[0].value == "no"


def test_where_every_turn_shows_it_words_need_not():
    rows = [Judged(dialogue(f"word{n}"), "yes", (0,), str(n)) for n in range(12)]
    assert fit_closed(rows, "negative_emotion", BOOK).judge(rows[0].dialogue).value == "yes"
