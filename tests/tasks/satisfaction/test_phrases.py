from pathlib import Path

import pytest
from pydantic import ValidationError

from churnlens.dialogues.phrases import PhraseBook, PhraseFinder
from churnlens.schema import Words
from churnlens.tasks.satisfaction.phrases import AlertPhrases, load_phrases

BOOK = Path(__file__).parents[3] / "conf/base/satisfaction/alert_phrases.yml"
FINDER = PhraseFinder(load_phrases(BOOK))

MEANT = [
    ("I want to cancel", "cancel"),
    ("Cancel my bloody subscription now.", "cancel"),
    ("Why don't you just cancel my account", "cancel"),
    ("I can't cancel my subscription online!", "cancel"),
    ("if this isn't fixed I will cancel", "cancel"),
    ("I’m  cancelling today", "cancel"),
    ("I don't want this, I want to cancel", "cancel"),
    ("I do not want to wait but I will cancel", "cancel"),
    ("I won't, cancel my contract", "cancel"),
    ("I do not like your very slow service will cancel", "cancel"),
    ("never buying from you again", "cancel"),
    ("This is the last time I order here", "cancel"),
    ("last time I'll fly with you", "cancel"),
    ("If this is not mended I need to cancel", "cancel"),
    ("I will post about this on social media", "threat"),
    ("My lawyer says hello", "legal"),
    ("you idiots", "abuse"),
    ("这是最后一次在你们家买", "cancel"),
    ("If you don't refund me I'll talk to my lawyer", "legal"),
    ("don't make me sue you", "legal"),
    ("ＳＵＥ your company", "legal"),
    ("s\u200bue you", "legal"),
    ("I will take this whole thing to court", "legal"),
    ("This is bullshit", "abuse"),
    ("FUCKING useless", "abuse"),
    ("I will report you", "threat"),
    ("我要投诉你们", "threat"),
    ("再不解决我就投诉了", "threat"),
    ("不要了，投诉你们", "threat"),
    ("不会处理就投诉", "threat"),
    ("不会处理我报警", "legal"),
    ("不给退款就打12315", "threat"),
    ("我 要 注 销 账 号", "cancel"),
    ("为什么不能注销账号", "cancel"),
    ("再也不来你们家了", "cancel"),
    ("我会起诉你们的", "legal"),
    ("你们都是骗子", "abuse"),
    ("my english is bad 我要投诉", "threat"),
]
NOT_MEANT = [
    "I don't want to cancel",
    "If I need to cancel the taxi, will they charge me a fee?",
    "Is there a fee in case I need to cancel my ride later?",
    "The last time I called you were so helpful",
    "Last time I ordered it came in one day",
    "I saw your post about it on social media",
    "I'm a lawyer and need an invoice for my office",
    "I am such an idiot, it was on my porch",
    "最后一次在上海发的货",
    "I do not really want to cancel",
    "We’re not going to sue you",
    "I have no intention of going to court",
    "I'd rather fix it than argue, without a lawyer",
    "please cancel my order",
    "I want to cancel my order 4711",
    "what a pleasant issue to pursue your way",  # "sue your" inside another word
    "ticket 9123156",  # 12315 inside a number
    "the screwdriver was fine",
    "the scampi was late",
    "is there an idiomatic translation",
    "我不想投诉你们",
    "我不会起诉的",
    "不是要投诉你",
    "没有要注销账号",
    "先不注销账号了",
    "卸载软件后重装",
    "把我妈的电话写在下面",
    "",
    "🙂🙂",
]


@pytest.mark.parametrize(("text", "kind"), MEANT)
def test_what_is_meant_is_found(text, kind):
    assert FINDER.find(text) == (kind,)


@pytest.mark.parametrize("text", NOT_MEANT)
def test_what_is_not_meant_is_not_found(text):
    assert FINDER.find(text) == ()


def test_kinds_come_once_each_and_in_the_order_of_the_book():
    assert FINDER.find("fuck you, I will sue you, sue you! I want to cancel") == (
        "legal",
        "cancel",
        "abuse",
    )


def test_every_phrase_of_the_book_is_found_as_it_is_written():
    for kind, words in FINDER.book.kinds.items():
        for phrase in words.en + words.zh:
            said = phrase.replace("*", "").replace(" ... ", " this ").replace("...", "这")
            assert kind in FINDER.find(said), phrase


def test_a_gap_holds_three_words_and_no_more():
    finder = PhraseFinder(PhraseBook(kinds={"cancel": Words(en=("close ... account",))}))
    assert finder.find("close all my old account")
    assert not finder.find("close all of my old account")
    assert not finder.find("close it, my account")


def test_a_chinese_gap_stays_in_its_clause():
    finder = PhraseFinder(PhraseBook(kinds={"cancel": Words(zh=("再也...买",))}))
    assert finder.find("再也不在你家买")
    assert not finder.find("再也不去，买点别的")


def test_a_book_without_phrases_finds_nothing():
    assert PhraseFinder(PhraseBook(kinds={})).find("sue you") == ()


def test_a_long_text_costs_little():
    assert FINDER.find("don't " * 200_000 + "sue you") == ()


def test_a_kind_that_is_none_is_refused():
    with pytest.raises(ValidationError, match="anger"):
        AlertPhrases.model_validate({"kinds": {"anger": {"en": ["grr"]}}})
