import pytest

from churnlens.dialogues.platforms import HANDLE, is_bot_line, is_notice, plain_words, unsigned


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("共[数字x]元，[金额x]", "共[number]元，[amount]"),
        ("好的#E-s[数字x]#E-s2[数字x]呢#E-委屈", "好的[emoticon]呢[emoticon]"),
        ("mail __email__ or see __URL__", "mail [email] or see [link]"),
        ("USPS936128__credit_card__.", "USPS936128[card]."),
        ("https://item.jd.com/20.html亲亲，http://a.cn/?b=1 是的", "[link]亲亲，[link] 是的"),
        ("看https://a.jd.com/[数字x].html。", "看[link]。"),
        ("i [noise] want <unk> it（听不清）", "i   want   it "),
        ("[赠] a[1] #E-mail __init__", "[赠] a[1] #E-mail __init__"),
    ],
)
def test_placeholders(text, plain):
    assert plain_words(text) == plain


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Sorry. ^SH", "Sorry."),
        ("inconvenience.^In", "inconvenience."),
        ("Sent. *TaylorBest", "Sent."),
        ("Let us know. - Peter", "Let us know."),
        ("Thanks - Ed ", "Thanks"),
        ("Which plan, Pro or - Basic", "Which plan, Pro or - Basic"),
        ("2^10", "2^10"),
        ("sign-up", "sign-up"),
    ],
)
def test_signatures(text, rest):
    assert unsigned(text) == rest


def test_handles():
    found = HANDLE.findall("@Shop: @135060, a@b.com x @[name_1]99 ＠ @ @客服")
    assert found == ["@Shop", "@135060", "@[name_1]99"]


@pytest.mark.parametrize(
    ("text", "bot"),
    [
        ("【自动回复】您好", True),
        ("Dear Customer, this is an automated response", True),
        ("Hi, I'm a virtual assistant.", True),
        ("We don't use canned or automated responses", False),
        ("转人工，不要机器人", False),
        ("您好，请问有什么可以帮您", False),
    ],
)
def test_bot_lines(text, bot):
    assert is_bot_line(text) is bot


@pytest.mark.parametrize(
    ("text", "notice"),
    [
        ("顾客通过点击web咚咚[site]信息发送:[订单编号:[order_1]，订单金额:[amount]]", True),
        ("[订单编号:[order_1]，订单金额:[amount]，下单时间:[date][time]]", True),
        ("[link]", True),
        ("see [link]", False),
        ("我的订单编号:[order_1]", False),
    ],
)
def test_notices(text, notice):
    assert is_notice(text) is notice
