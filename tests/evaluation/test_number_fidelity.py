"""Numbers of summaries against dialogues: spellings that agree, facts that do not."""

from decimal import Decimal

import numpy as np
import pytest

from churnlens.evaluation.number_fidelity import number_fidelity, numbers_in, unsupported_numbers
from churnlens.evaluation.numerals import value_of


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("十", 10), ("十二", 12), ("二十", 20), ("两百五", 250), ("二百零五", 205), ("一二", 12),
        ("二百五十", 250), ("三千", 3000), ("两万三", 23000), ("一亿", 100_000_000),
        ("三点五", "3.5"), ("一万零五十", 10050), ("1,250.50", "1250.50"), ("2,5", None),
        ("twelve", 12), ("twenty-five", 25), ("one hundred and five", 105), ("two thousand", 2000),
    ],
)  # fmt: skip
def test_values(word, value):
    if value is None:  # no thousands separator
        assert [number.value for number in numbers_in(word)] == ["2", "5"]
    else:
        assert value_of(word) == Decimal(value)


SAME = [
    ("3天内退款", "我们三天内退款"),
    ("三个工作日内到账", "3-5个工作日到账"),
    ("退款50元", "退您¥50.00可以吗"),
    ("退50元", "五十块钱"),
    ("金额1,200元", "一千二百元"),
    ("充值3万", "30000元"),
    ("3月5日送达", "2024-03-05送到"),
    ("3月5日送达", "3月5号"),
    ("下午2点回电", "14:00回电"),
    ("14:30回电", "2:30 pm"),
    ("三点五十分回电", "15:50"),
    ("下午两点半", "14:30"),
    ("9点05分", "9:05"),
    ("14点回电", "下午2点"),
    ("at 4:30 pm", "the 4.30pm flight"),
    ("Windows 10", "on Win10"),
    ("八折", "打8折"),
    ("优惠20%", "百分之二十的优惠"),
    ("星期天上门", "周日可以"),
    ("尾号1234", "卡号6222021234"),
    ("Refund of $50 in 3 days", "we refund 50 dollars within three business days"),
    ("Delivery on March 5", "it comes on 5th of March"),
    ("Delivery on Mar. 5th", "3月5日"),
    ("Call on Tuesday", "tuesdays are fine"),
    ("two-day shipping", "2-day shipping"),
    ("5GB plan", "the 5gb plan"),
    ("order SF1234567", "sf1234567 please"),
    ("Charged $1.5k", "1500 dollars"),
    ("Call [phone_1]", "my number is [phone_1]"),
    ("at 3pm", "at 3 p.m."),
    ("fifteen percent", "15 % off"),
    ("24小时内", "２４小时"),
    ("三五天", "3-5天"),
    ("3-5天", "三五天"),
    ("两三个小时", "2到3小时"),
    ("赔付壹佰元", "100块"),
    ("贰仟零伍拾圆整", "2050元"),
    ("refund one million dollars", "$1,000,000"),
    ("a refund of 2 million dollars", "two million dollars"),
    ("a hundred dollars", "100 dollars"),
    ("on Sept 3", "September 3rd"),
]


@pytest.mark.parametrize(("summary", "dialogue"), SAME)
def test_the_same_number_in_another_spelling_is_found(summary, dialogue):
    assert [number for number in numbers_in(summary) if number.claim]
    assert unsupported_numbers(summary, dialogue) == ()


@pytest.mark.parametrize(
    ("summary", "dialogue", "found"),
    [
        ("5天内退款", "三天内退款", ("5天",)),
        ("五天内退款", "三天内退款", ("五天",)),
        ("退款30元", "30天内退款", ("30元",)),
        ("refund of $30", "30元 refund", ("$30",)),
        ("3月6日送达", "3月5日送达", ("6日",)),
        ("3个月", "3月5日", ("3个月",)),
        ("下午3点", "14:00", ("3点",)),
        ("周三上门", "周二上门", ("周三",)),
        ("八折", "打9折", ("八折",)),
        ("Call [phone_2]", "[phone_1] and 2 more", ("[phone_2]",)),
        ("order sf1", "order sf2", ("sf1",)),
        ("尾号1234", "6222021235", ("1234",)),
        ("尾号2202", "6222021234", ("2202",)),
        ("退两件", "退三件", ("两",)),
        ("twenty minutes", "ten minutes", ("twenty minutes",)),
        ("April 5th", "March 5", ("april 5th",)),
        ("costs 12.5", "costs 12", ("12.5",)),
        ("补偿壹佰元", "好的", ("一百元",)),
        ("refund one million dollars", "ok", ("one million dollars",)),
        ("退款1000", "一共21000元", ("1000",)),
        ("卡号" + "1" * 31 + "2", "卡号" + "1" * 31 + "3", ("1" * 31 + "2",)),
        ("三五天", "35天", ("三五天", "三五天")),
    ],
)
def test_another_number_is_told(summary, dialogue, found):
    assert unsupported_numbers(summary, dialogue) == found


@pytest.mark.parametrize(
    "text",
    [
        "客服一直在等一下", "十分抱歉，万一不行", "统一处理，一一解答", "一点问题", "一时没货", "一件事",
        "两个问题", "千万不要", "第一次", "one of the two options", "no one", "the someone often",
        "登陆后", "队伍很长", "may I help", "see https://t.co/a1B2", "on the second", "weekend", "",
    ],
)  # fmt: skip
def test_words_that_are_no_amount_claim_nothing(text):
    assert [number for number in numbers_in(text) if number.claim] == []


@pytest.mark.parametrize(
    "word", ["decreased", "separate", "marked", "decided", "margin", "junk", "mayor", "octane"]
)
def test_a_word_that_begins_like_a_month_is_none(word):
    assert numbers_in(f"the price {word} 20% last week") == [("20", "percent", "20%", True)]


@pytest.mark.parametrize("text", ["9" * 50 + "点", "9" * 50 + "万元", "9" * 50 + " o'clock"])
def test_long_numbers_with_units_are_read(text):
    assert unsupported_numbers(text, text) == ()


def test_fidelity_pools_the_numbers():
    summaries = ["3天退50元", "退货", "5天退50元，加8元"]
    found = number_fidelity(summaries, ["三天退50块", "退货", "三天内退50元"])
    assert found.corpus == pytest.approx(3 / 5)
    assert found.items[[0, 2]] == pytest.approx([1, 1 / 3]) and np.isnan(found.items[1])
    assert "unit:same or none" in found.signature
    assert np.isnan(number_fidelity(["退货"], ["退货"]).corpus)
    with pytest.raises(ValueError, match="zip"):
        number_fidelity(["a"], [])


def test_a_text_of_many_digits_takes_no_time():
    text = "1" * 50_000 + "一" * 50_000 + "a1" * 20_000
    assert unsupported_numbers(text, text) == ()
