"""Names that a text introduces, and what looks like an introduction and is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlens.privacy.redaction import redact

ENGLISH = [
    "Jeremy Flores",
    "Ann",
    "Mona-Andreea Pop",
    "Sean O'Brien",
    "Ron McDonald",
    "Mark J. Will",
]
CHINESE = ["邱婷婷", "王小明", "李伟", "欧阳娜娜", "张家豪", "蒋天宇", "黄诗涵", "张 伟明"]


@pytest.mark.parametrize("name", ENGLISH)
@pytest.mark.parametrize(
    "text",
    [
        "My name is {}.",
        "hello, my name is {} and I wait",
        "this is {} speaking",
        "bye. Regards, {}",
        "Thanks.\nKind regards\n{}",
        "Thanks. Kind regards, \n\n{}",
        "Cheers, {} 2/2",
        "regards, {}.\nSent from a phone",
        "regards, {}. call me",
    ],
)
def test_english_names(text, name):
    assert redact(text.format(name)).text == text.format("[name]")


@pytest.mark.parametrize("name", CHINESE)
@pytest.mark.parametrize(
    "text",
    [
        "我叫{}。",
        "你好，我叫{}，住在北京",
        "我是{}",
        "我是 {}！",
        "署名：{}",
        "姓名: {}\n",
        "收件人是：{}"[:3] + "：{}",
        "我的名字是{}",
    ],
)
def test_chinese_names(text, name):
    assert redact(text.format(name)).text == text.format("[name]")


def test_where_the_name_ends():
    assert redact("我叫王小明住在北京").text == "我叫[name]住在北京"
    assert redact("我叫高强，我是王先生").text == "我叫[name]，我是[name]"
    assert (
        redact("my name is Ann Where is my parcel").text == "my name is [name] Where is my parcel"
    )


NOT_NAMES = [
    "我是会员",
    "我是来投诉的",
    "我是高级会员",
    "我是金卡",
    "我是程序员",
    "我是高中生",
    "我是老客户",
    "我是苏州的",
    "我是徐州",
    "我是张家口的",
    "我是周六买的",
    "我是常客",
    "我是方便的",
    "我是马上要用",
    "我叫你们经理来",
    "我叫了外卖",
    "我叫车了",
    "我叫你退款",
    "本人马上要出差",
    "本人不在家",
    "收件人余额不足",
    "联系人和电话",
    "姓名和地址都对",
    "名字写错了",
    "我是张家口的客户",
    "我是石家庄",
    "我是黄金会员",
    "我是安卓",
    "my name is on the bill",
    "the name is Little Seoul",
    "My Name Is On The Bill",
    "My name is wrong on the invoice",
    "my name is not Jeremy",
    "the name is misspelled",
    "regards, the team",
    "Regards, Customer Support",
    "Best regards",
    "regards",
    "As regards the bill, it is late",
    "Cheers, thanks for that",
    "Cheers for the help",
    "Cheers, I will wait",
    "I'm not happy",
    "I'm Waiting for it",
    "I am Very angry",
    "This is Ridiculous",
    "this is ABSOLUTELY disgusting",
    "This is Pink",
    "this is the customer speaking",
    "Yours is broken",
    "Hello Team",
]


@pytest.mark.parametrize("text", NOT_NAMES)
def test_what_introduces_nobody_stays(text):
    assert redact(text).text == text


WORDS = (
    ENGLISH
    + CHINESE
    + NOT_NAMES
    + ["我叫", "我是", "my name is ", "regards, ", "\n", "，", "[name_1]"]
)


@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=5), max_size=6).map("".join))
def test_redacting_again_changes_nothing(text):
    once = redact(text).text
    assert redact(once).text == once


@given(st.text("abcdefghij ,.'!?\n", max_size=60), st.sampled_from(["my name is ", "regards, "]))
def test_small_letters_are_no_name(text, before):
    assert "name" not in redact(before + text).counts
