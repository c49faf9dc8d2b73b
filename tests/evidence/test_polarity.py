"""How far the clause rules carry: harder sentences, read by a person, and every rule by itself."""

import pytest

from churnlens.evidence.cues import CHINESE, ENGLISH
from churnlens.evidence.phrases import find_reasons, lexicon, lower
from churnlens.evidence.polarity import judge, negations
from churnlens.schema import Reason, Text, Words


def reason(name, complaint_en, praise_en, complaint_zh, praise_zh):
    return Reason(
        name=name,
        label=Text(en=name, zh=name),
        complaint=Words(en=complaint_en.split(","), zh=complaint_zh.split(",")),
        praise=Words(en=praise_en.split(","), zh=praise_zh.split(",")),
    )


REASONS = (
    reason(
        "price",
        "expensive,price,high price,better deal,price went up",
        "cheap,reasonable,price,good value",
        "贵,涨价,价格",
        "便宜,划算,价格",
    ),
    reason(
        "reliability",
        "outage,unreliable,drop,downtime",
        "reliable,reliability,stable",
        "断线,断网,断过,不稳定,故障",
        "稳定",
    ),
    reason("speed", "slow,lag,speed", "fast,speed", "慢,卡顿,网速", "很快,更快,网速"),
    reason(
        "support",
        "rude,slow to respond,support,waited",
        "helpful,friendly,support",
        "态度差,客服",
        "耐心,客服",
    ),
)
ENGLISH_SENTENCES = {
    "We have yet to see a single outage.": "+reliability",
    "I wouldn't say the price is reasonable.": "-price",
    "There were no outages but a lot of lag.": "+reliability -speed",
    "The outages have stopped.": "+reliability",
    "Nothing about this is cheap.": "-price",
    "Why is it so slow?": "-speed",
    "My only complaint is that it's expensive.": "-price",
    "It's never been anything but reliable.": "+reliability",
    "If it weren't so expensive I would stay.": "-price",
    "The price isn't too bad.": "+price",
    "I have zero complaints about reliability.": "+reliability",
    "For once the line didn't drop.": "+reliability",
    "support could be more helpful": "-support",
    "I left because another company was cheaper.": "-price",
    "It is neither fast nor reliable.": "-reliability -speed",
    "Your rates used to be reasonable.": "-price",
    "despite the high price, the line is not stable": "-price -reliability",
    "I appreciate that it is not expensive and rarely slow.": "+price +speed",
    "They were friendly and helpful and never rude.": "+support",
    "I do not have internet with them, so the price is reasonable.": "+price",
    "Even though I don't use it much, it is reliable and fast.": "+reliability +speed",
    "I would not mind the high price if it were reliable.": "-price -reliability",
    "the agent was friendly, not rude": "+support",
    "Fast? Not at all.": "-speed",
    "I doubt it is stable.": "-reliability",
    "Outages? None.": "+reliability",
    "I never expected it to be this fast.": "+speed",
    "it is slow, unreliable and expensive": "-price -reliability -speed",
    "The technician was not helpful, support was slow to respond.": "-support",
    "no more outages since the new router": "+reliability",
    "I don't find it expensive.": "+price",
    "we never once waited": "+support",
    "cheap but slow": "+price -speed",
    "unfortunately the good value is gone": "-price",
    "I can live with slow speeds": "-speed",
    "doesn't feel cheap, doesn't feel fast": "-price -speed",
    "nobody can say it is unreliable": "+reliability",
    "I am tired of outages": "-reliability",
    "It was reasonable until the price hike, now it is expensive.": "+price -price",
    "more reliable than my last provider": "+reliability",
    "not as reliable as I had hoped": "-reliability",
    "the speed leaves a lot to be desired": "-speed",
    "The line drops all the time and it is way too expensive for that.": "-price -reliability",
    "We switched last year and have not regretted it, the price is reasonable.": "+price",
    "The agent was friendly but could not do anything about the outages.": "-reliability +support",
    "I never know when the next outage will hit.": "-reliability",
    "After the upgrade there was no more downtime.": "+reliability",
    "It was cheap at first, then the price went up.": "+price",
    "Please make it cheaper.": "-price",
    "Streaming works without lag even in the evening.": "+speed",
    "Can you do something about the slow uploads?": "-speed",
    "I find it a bit expensive, though support is helpful.": "-price +support",
    "Not once did I experience an outage.": "+reliability",
    "There is always an outage when I need it.": "-reliability",
    "The internet is not as fast as advertised.": "-speed",
    "Compared to my old provider this is cheap and reliable.": "+price +reliability",
    "My old provider was cheaper.": "-price",
    "I can't imagine a more reliable service.": "+reliability",
    "I don't mind paying a high price for a stable line.": "+reliability",
    "support was rude on two occasions": "-support",
    "the staff is always helpful and patient": "+support",
    "it's slow in the evening, fast in the morning": "+speed -speed",
    "Why pay for something this unreliable?": "-reliability",
    "I expected it to be expensive but it is reasonable.": "+price -price",
    "it takes no time, really fast": "+speed",
    "it's not that I find it expensive, it's the outages": "+price -reliability",
    "no complaints, fast and stable": "+reliability +speed",
    "The lack of reliability made me leave.": "-reliability",
    "Reliable service is all I ask for.": "-reliability",
    "I have had zero downtime in three years.": "+reliability",
    "Great, another outage.": "-reliability",
    "They promised fast internet and it is anything but.": "-speed",
    "support never called me back and was not helpful": "-support",
    "cheap, fast, stable: what more do I need": "+price +reliability +speed",
    "The only thing that is fast is the billing.": "-speed",
    "no longer slow since the new modem": "+speed",
    "Outages are a thing of the past.": "+reliability",
    "I hardly ever notice any lag.": "+speed",
    "The price is too high for pensioners.": "-price",
    "I'd call it good value.": "+price",
    "That is not what I call good value.": "-price",
    "it isn't rude staff that made me leave but the outages": "-reliability +support",
}
CHINESE_SENTENCES = {
    "用了两年没断线过": "+reliability",
    "断网？从来没有。": "+reliability",
    "贵是不贵，就是慢": "+price -speed",
    "没觉得贵": "+price",
    "便宜倒是便宜，可惜不稳定": "+price -reliability",
    "根本不便宜": "-price",
    "哪里便宜了": "-price",
    "稳定得不得了": "+reliability",
    "难得这么稳定": "+reliability",
    "没以前稳定": "-reliability",
    "不会断线": "+reliability",
    "再也没断线": "+reliability",
    "三天两头断线": "-reliability",
    "说便宜其实很贵": "-price",
    "不觉得慢": "+speed",
    "算是便宜的": "+price",
    "不见得便宜": "-price",
    "断线次数太多": "-reliability",
    "断线少": "+reliability",
    "没有一天不断线": "-reliability",
    "好在不贵": "+price",
    "客服从不耐心": "-support",
    "网速越来越慢": "-speed",
    "有点贵但还能接受": "-price",
    "客服态度差，打了三次没人接": "-support",
    "价格没得说": "+price",
    "网速不给力": "-speed",
    "网速一直很给力": "+speed",
    "只要不断线就行": "",
    "因为便宜才留下": "+price",
    "不便宜也不稳定": "-price -reliability",
    "既便宜又稳定": "+price +reliability",
    "既不便宜也不稳定": "-price -reliability",
    "与其说便宜不如说划算": "+price",
    "除了贵没毛病": "-price",
    "没有别家便宜": "-price",
    "比别家贵": "-price",
    "贵得离谱": "-price",
    "稳定吗？不稳定": "-reliability",
    "晚上总是断线，打客服也没用": "-reliability -support",
    "用了三年基本没断过，很稳定": "+reliability",
    "价格有点贵但是网速很快": "-price +speed",
    "比之前便宜多了": "+price",
    "以前便宜现在贵": "+price -price",
    "客服很耐心，问题解决得快": "+support",
    "客服一点也不耐心": "-support",
    "网络不卡顿": "+speed",
    "半年没出过故障": "+reliability",
    "没出什么故障": "+reliability",
    "故障没人修": "-reliability",
    "天天断网谁受得了": "-reliability",
    "贵倒不算贵": "+price",
    "说实话不便宜": "-price",
    "性能稳定，从未断线": "+reliability",
    "不像以前那么稳定了": "-reliability",
    "要不是便宜早就换了": "+price",
    "建议降低价格，太贵": "-price",
    "下雨天也不会断网": "+reliability",
    "一下雨就断网": "-reliability",
    "我不觉得便宜": "-price",
    "网速不慢，就是偶尔断线": "-reliability +speed",
    "态度差得没法说": "-support",
    "态度差？没有的事": "+support",
    "没有理由说贵": "+price",
    "越用越慢": "-speed",
    "总的来说划算": "+price",
    "并没有更快": "-speed",
    "从来都很稳定": "+reliability",
    "从来就没稳定过": "-reliability",
}


def said(text):
    language = "zh" if any("\u3400" <= each <= "\u9fff" for each in text) else "en"
    found = find_reasons(lower(text), lexicon(REASONS, language))
    labels = {f"{'-+'[sign > 0]}{REASONS[number].name}" for number, sign, _, _ in found}
    return " ".join(sorted(labels, key=lambda each: (each[1:], each)))


@pytest.mark.parametrize(
    ("sentences", "bar"), [(ENGLISH_SENTENCES, 0.90), (CHINESE_SENTENCES, 0.92)], ids=["en", "zh"]
)
def test_share_of_harder_sentences_that_is_read_exactly_right(sentences, bar):
    wrong = [text for text, labels in sentences.items() if said(text) != labels]
    assert 1 - len(wrong) / len(sentences) >= bar, wrong
    assert len(sentences) >= 60


@pytest.mark.parametrize(
    ("before", "count"),
    [
        ("it is ", 0),
        ("it is not ", 1),
        ("it isn't ", 1),
        ("not a week without an ", 2),
        ("nobody has ever seen an ", 1),
        ("not because it is ", 0),
        ("never " + 20 * "word ", 0),
    ],
)
def test_negations_that_reach(before, count):
    assert negations(before, ENGLISH) == count


@pytest.mark.parametrize(
    ("before", "count"),
    [
        ("", 0),
        ("从来没有", 1),
        ("没有不", 2),
        ("不是很", 1),
        ("没有因为", 0),
        ("没有" + "字" * 9, 0),
    ],
)
def test_chinese_negations_that_reach(before, count):
    assert negations(before, CHINESE) == count


@pytest.mark.parametrize(
    ("base", "before", "after", "rest", "sign"),
    [
        (1, "", "", "", 1),
        (-1, "", "", "", -1),
        (0, "", "", "", 0),
        (0, "great ", "", "", 1),
        (0, "great but terrible ", "", "", 0),  # a tie says nothing
        (0, "", " was not good", "", -1),
        (1, "i wish it were ", "", "", -1),
        (-1, "i wish the ", " would stop", "", -1),
        (1, "other companies are ", "", "", -1),
        (1, "it is better than other companies: ", "", "", 1),
        (-1, "i was afraid of ", "", " but there was none", 1),
        (-1, "", "", "? none at all", 1),
        (1, "problems with ", "", "", -1),
        (1, "no problems with ", "", "", 1),
    ],
)
def test_one_rule_at_a_time(base, before, after, rest, sign):
    assert judge(base, before, after, rest, ENGLISH) == sign
