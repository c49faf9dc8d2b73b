"""Reasons in feedback: what is meant, not what is mentioned; and counts against an oracle."""

import math
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, false_discovery_control
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from churnlens.evidence.phrases import lower
from churnlens.evidence.themes import LABEL_COLUMNS, label_feedback, summarize_themes
from churnlens.options import DriverOptions
from churnlens.schema import parse_schema, read_schema
from churnlens.simulation import simulate_customers
from churnlens.simulation.reasons import REASONS

ROOT = Path(__file__).parents[2]
REAL = Path(os.environ.get("CHURNLENS_REAL_DATA", ROOT.parent / "shared" / "data"))
REAL_TABLE = REAL / "telco_feedback" / "telco_churn_with_feedback.csv"


def reason(name, complaint, praise):
    words = [{"en": en, "zh": zh} for en, zh in (complaint, praise)]
    label = {"en": name, "zh": name}
    return {"name": name, "label": label, "complaint": words[0], "praise": words[1]}


PRICE = reason(
    "price",
    (["expensive", "price", "high price", "better deal"], ["贵", "涨价", "价格", "负担"]),
    (["cheap", "reasonable", "price", "good value"], ["便宜", "划算", "价格", "实惠"]),
)
RELIABILITY = reason(
    "reliability",
    (["outage", "unreliable", "drop", "downtime"], ["断线", "断网", "不稳定", "故障"]),
    (["reliable", "reliability", "stable"], ["稳定"]),
)
SPEED = reason(
    "speed",
    (["slow", "lag", "speed"], ["慢", "卡顿", "网速"]),
    (["fast", "speed"], ["很快", "够快", "更快", "网速"]),
)
SUPPORT = reason(
    "support",
    (["rude", "slow to respond", "support", "waited"], ["态度差", "客服"]),
    (["helpful", "friendly", "support"], ["耐心", "客服"]),
)
SCHEMA = parse_schema(
    {
        "name": "any",
        "noun": {"en": "clients", "zh": "客户"},
        "key": "id",
        "outcome": {
            "column": "id",
            "left": "y",
            "stayed": "n",
            "left_words": {},
            "stayed_words": {},
        },
        "columns": [{"name": "id", "kind": "key", "label": {"en": "id", "zh": "号"}}],
        "reasons": [PRICE, RELIABILITY, SPEED, SUPPORT],
    }
)


def said(text):
    """The labels of one text as a string: '-price +speed'."""
    labels = label_feedback([text], SCHEMA)
    signs = labels["polarity"].map({"complaint": "-", "praise": "+"})
    return " ".join(sorted(signs + labels["reason"], key=lambda each: (each[1:], each)))


ENGLISH = {
    # as it stands
    "It is too expensive.": "-price",
    "Outages every week!": "-reliability",
    "The agent was slow to respond.": "-support",  # the longer phrase, not speed
    "the line dropped twice": "-reliability",
    "Fast and reliable.": "+reliability +speed",
    "reasonable price": "+price",
    "This breakfast was steadfast.": "",  # whole words only
    # negation turns round
    "I have not experienced any issues with reliability.": "+reliability",
    "No outages so far.": "+reliability",
    "not expensive": "+price",
    "It isn't slow at all.": "+speed",
    "It isnt slow at all.": "+speed",
    "I can't say support is slow to respond.": "+support",
    "I can’t say it is slow.": "+speed",
    "The connection has never been slow.": "+speed",
    "without any lag": "+speed",
    "hardly any downtime": "+reliability",
    "not reliable": "-reliability",
    "The service was not very reliable.": "-reliability",
    "It is anything but stable.": "-reliability",
    "far from cheap": "-price",
    "less reliable than before": "-reliability",
    "It used to be fast.": "-speed",
    "Nobody was rude.": "+support",
    "No outages, drops or downtime.": "+reliability",
    "I haven't had outages or a slow line.": "+reliability +speed",
    "neither slow nor expensive": "+price +speed",
    "not a week without an outage": "-reliability",  # twice
    "Slow speeds are not an issue.": "+speed",
    "outages are rare": "+reliability",
    "I have had very few outages.": "+reliability",
    "little to no downtime": "+reliability",
    "quite a few outages": "-reliability",
    "The reliability is not great.": "-reliability",
    "hard to find a better deal": "+price",
    # … and only as far as it reaches
    "I have not complained and it is fast.": "+speed",
    "I had no issues and appreciate the reasonable price.": "+price",
    "No outages, and it is slow.": "+reliability -speed",
    "Not happy because it is slow.": "-speed",
    "I did not stay due to outages.": "-reliability",
    "No, it is slow.": "-speed",
    "They are no help when it is slow.": "-speed",
    "no outages fast line": "+reliability +speed",  # used up by the outages
    "not only fast but also cheap": "+price +speed",
    "nothing but outages": "-reliability",
    "could not be more reliable": "+reliability",
    # negated verbs that leave the complaint
    "I cannot stand the outages.": "-reliability",
    "They never fixed the outages.": "-reliability",
    "I can't recommend this slow service.": "-speed",
    "not satisfied with the slow line": "-speed",
    "It is not worth the high price.": "-price",
    # trouble before praise
    "issues with reliability": "-reliability",
    "I was not satisfied with the reliability.": "-reliability",
    "disappointed by the reliability of the line": "-reliability",
    "poor reliability": "-reliability",
    "reliability issues": "-reliability",
    "no reliability issues": "+reliability",
    "never had any problems with reliability": "+reliability",
    # contrast splits
    "The price is reasonable, but it is slow.": "+price -speed",
    "Although it is fast, outages happen.": "-reliability +speed",
    "it was reasonable however the line is unreliable": "+price -reliability",
    "While not cheap, it is reliable.": "-price +reliability",
    # wishes and rivals
    "It would be great if it were cheaper.": "-price",
    "I wish it was more reliable.": "-reliability",
    "It could be faster.": "-speed",
    "I expected a more stable line.": "-reliability",
    "I am looking for a cheaper plan.": "-price",
    "cheaper would be nice": "-price",
    "Other providers are cheaper.": "-price",
    "found a cheaper plan elsewhere": "-price",
    "cheaper than other providers": "+price",
    "reasonable compared to other providers": "+price",
    "I recommend it to anyone looking for a reliable line.": "+reliability",
    "A rival company could not give me a better deal.": "+price",
    # fears that did not come true
    "I expected outages every day and got none.": "+reliability",
    "I was afraid of lag, there is none.": "+speed",
    "I was afraid of lag and I was right.": "-speed",
    # questions answered
    "Outages? None.": "+reliability",
    "Fast? Not at all.": "-speed",
    "Slow? Yes.": "-speed",
    # phrases in both lists name a topic, the clause judges
    "great support": "+support",
    "The support was terrible.": "-support",
    "the support was not good": "-support",
    "I called support on Monday.": "",
    "no complaints about the price": "+price",
    "happy with the speed": "+speed",
    "I am happy and pay for support": "",  # what is judged stands apart
    "happy with everything that came along during all of these long quiet years of support": "",
    "": "",
}
CHINESE = {
    "太贵了。": "-price",
    "经常断线！": "-reliability",
    "一点都不贵": "+price",
    "价格不算贵": "+price",
    "从来没有断线": "+reliability",
    "没有断线，也没有卡顿": "+reliability +speed",
    "没有断线、卡顿": "+reliability +speed",
    "从没遇到过故障": "+reliability",
    "从不涨价": "+price",
    "并不慢": "+speed",
    "还算便宜": "+price",
    "不便宜": "-price",
    "谈不上稳定": "-reliability",
    "不太稳定": "-reliability",
    "没有不稳定": "+reliability",
    "没有哪个星期不出故障": "-reliability",
    "很少断网": "+reliability",
    "不停断线": "-reliability",
    "动不动断网": "-reliability",
    "受不了这么贵": "-price",
    "没解决断线问题": "-reliability",
    "不仅稳定而且便宜": "+price +reliability",
    "价格便宜，但是经常断线": "+price -reliability",
    "虽然贵，不过很稳定": "-price +reliability",
    "网络不错只是有点贵": "-price",
    "希望便宜一点": "-price",
    "要是更快就好了": "-speed",
    "应该更稳定": "-reliability",
    "别家便宜": "-price",
    "比别家便宜": "+price",
    "担心断线，结果一次也没有": "+reliability",
    "担心断线": "-reliability",
    "断线的情况从来没有": "+reliability",
    "稳定性差": "-reliability",
    "稳定性没有问题": "+reliability",
    "客服很好": "+support",
    "客服不好": "-support",
    "你好，客服": "",
    "没有因为贵就走": "-price",
    "网速慢 客服耐心": "-speed +support",
    "价格公道": "+price",
    "价格有问题": "-price",
    "没什么负担": "+price",
    "没有断线网速很快": "+reliability +speed",
    "没办法就是慢": "-speed",
    "断网？从来没有。": "+reliability",
    "fast 但是太贵": "-price +speed",
}


@pytest.mark.parametrize(("text", "labels"), [*ENGLISH.items(), *CHINESE.items()])
def test_what_is_meant(text, labels):
    assert said(text) == labels


def test_labels_are_one_row_per_text_reason_and_polarity_in_order():
    texts = ["", "slow and slow. Slow again, but cheap.", "", "cheap! 太贵", "nothing to say"]
    labels = label_feedback(texts, SCHEMA)
    assert tuple(labels.columns) == LABEL_COLUMNS
    keys = list(labels[["row", "reason", "polarity"]].itertuples(index=False, name=None))
    assert keys == [
        (1, "speed", "complaint"),
        (1, "price", "praise"),
        (3, "price", "praise"),
        (3, "price", "complaint"),
    ]


@pytest.mark.parametrize(
    ("text", "quotes"),
    [
        (
            "Hello. The bill of $79.0 is expensive, but the support was helpful!",
            ["The bill of $79.0 is expensive", "the support was helpful"],
        ),
        ("Well, so slow, as ever.", ["Well, so slow, as ever"]),  # too short a clause alone
        ("你好。这个套餐价格太贵了，但是网络非常稳定。", ["这个套餐价格太贵了", "网络非常稳定"]),
    ],
)
def test_quotes_are_the_clause_that_says_it(text, quotes):
    labels = label_feedback([text], SCHEMA).sort_values("start")
    found = [text[row.start : row.end] for row in labels.itertuples()]
    assert found == quotes


def test_case_apostrophes_and_growing_letters_keep_every_place():
    text = "İİİ OUTAGE in Straße, it isn’t SLOW"
    labels = label_feedback([text], SCHEMA)
    assert set(labels["polarity"] + labels["reason"]) == {"complaintreliability", "praisespeed"}
    assert all(
        "OUTAGE" in text[s:e] or "SLOW" in text[s:e]
        for s, e in zip(labels.start, labels.end, strict=True)
    )
    assert len(lower(text)) == len(text)


def test_spacing_and_hyphens_inside_a_phrase_do_not_matter():
    assert said("slow   to-respond") == "-support"
    assert said("a high-price plan") == "-price"


def test_endings_of_english_words_are_found_and_other_words_are_not():
    assert said("it dropped and keeps dropping") == "-reliability"
    assert said("cheapest") == "+price"
    assert said("slowly") == "-speed"
    assert said("a steadfast draper at breakfast, rudeness aside") == ""


def test_a_phrase_may_belong_to_two_reasons():
    raw = SCHEMA.model_dump()
    raw["reasons"][1]["complaint"]["en"] = ("slow",)
    labels = label_feedback(["so slow"], parse_schema(raw))
    assert list(labels["reason"]) == ["reliability", "speed"]


def test_without_reasons_or_phrases_there_are_no_labels():
    raw = SCHEMA.model_dump()
    assert label_feedback(["slow"], parse_schema(raw | {"reasons": []})).empty
    silent = reason("price", ([], []), ([], []))
    empty = label_feedback(["slow"], parse_schema(raw | {"reasons": [silent]}))
    assert empty.empty
    assert tuple(empty.columns) == LABEL_COLUMNS
    assert empty["row"].dtype == "int64"


PIECES = st.sampled_from([*ENGLISH, *CHINESE, "not", " no ", "slow", ". ", "but ", "断线", "没有"])
ODD = st.sampled_from(["İ", "’", "\x00", "?", "？", "(", "\\", "😀", "\n", "\ud800"])


@settings(max_examples=300)
@given(st.lists(PIECES | ODD | st.text(max_size=5), max_size=12).map("".join))
def test_any_text_is_read_and_every_quote_lies_inside_it(text):
    labels = label_feedback([text, text], SCHEMA)
    assert ((labels["start"] >= 0) & (labels["start"] < labels["end"])).all()
    assert (labels["end"] <= len(text)).all()
    first, second = (labels[labels["row"] == row].drop(columns="row") for row in (0, 1))
    pd.testing.assert_frame_equal(first, second.set_axis(first.index))


@pytest.mark.parametrize(
    "unit", ["not slow ", "no outage is cheap and ", "没有断线不便宜", "wish other "]
)
def test_a_hostile_text_without_an_end_takes_no_longer_than_its_length(unit):
    text = unit * (50_000 // len(unit))
    assert len(label_feedback([text], SCHEMA)) <= 2 * len(SCHEMA.reasons)


# --- counting -------------------------------------------------------------------------------


def cohort(n=4000, seed=0, effect=0.25):
    """Labels in which complaints about price come more often from those who left."""
    rng = np.random.default_rng(seed)
    left = rng.random(n) < 0.3
    wrote = rng.random(n) < 0.5
    asked = rng.random(n) < 0.6
    shares = {
        ("price", "complaint"): 0.2 + effect * left,
        ("price", "praise"): np.full(n, 0.3),
        ("speed", "praise"): 0.3 - 0.2 * left,
        ("speed", "complaint"): np.full(n, 0.002),
    }
    parts = []
    for (name, polarity), share in shares.items():
        rows = np.flatnonzero(wrote & (rng.random(n) < share))
        parts.append(pd.DataFrame({"row": rows, "reason": name, "polarity": polarity}))
    labels = pd.concat(parts, ignore_index=True).assign(start=0, end=1)
    return labels, wrote, asked, left


def find(summary, name, polarity):
    return next(t for t in summary.themes if (t.reason, t.polarity) == (name, polarity))


def test_counts_and_coverage_equal_a_plain_count():
    labels, wrote, asked, left = cohort()
    summary = summarize_themes(labels, wrote, asked, left)
    rows = asked & wrote
    assert (summary.customers, summary.texts) == (asked.sum(), rows.sum())
    assert summary.texts_left == (rows & left).sum()
    labelled = labels[rows[labels["row"]]]
    assert summary.labelled == labelled["row"].nunique()
    assert summary.coverage.value == pytest.approx(rows.sum() / asked.sum())
    low, high = proportion_confint(summary.labelled, summary.texts, method="wilson")
    assert (summary.labelled_share.low, summary.labelled_share.high) == pytest.approx((low, high))
    counted = labelled.groupby(["reason", "polarity"]).size()
    assert {(t.reason, t.polarity): t.mentions for t in summary.themes} == counted.to_dict()


def test_shares_intervals_and_tests_equal_the_libraries():
    labels, wrote, asked, left = cohort()
    summary = summarize_themes(labels, wrote, asked, left)
    theme = find(summary, "price", "complaint")
    rows = asked & wrote
    said_it = np.zeros(len(left), bool)
    said_it[labels.loc[(labels.reason == "price") & (labels.polarity == "complaint"), "row"]] = True
    a, n = (said_it & rows & left).sum(), (rows & left).sum()
    b, m = (said_it & rows & ~left).sum(), (rows & ~left).sum()
    assert theme.left.value == a / n
    assert (theme.left.low, theme.left.high) == pytest.approx(
        proportion_confint(a, n, method="wilson")
    )
    expected = confint_proportions_2indep(a, n, b, m, method="newcomb")
    assert (theme.difference.low, theme.difference.high) == pytest.approx(expected)
    ratio = confint_proportions_2indep(a, n, b, m, compare="ratio", method="log")
    assert (theme.risk_ratio.low, theme.risk_ratio.high) == pytest.approx(ratio)
    table = [[a, n - a], [b, m - b]]
    assert theme.p_value == pytest.approx(chi2_contingency(table, correction=False).pvalue)


def test_false_discovery_is_controlled_over_the_tested_themes():
    summary = summarize_themes(*cohort())
    tested = [t for t in summary.themes if t.p_value is not None]
    q = false_discovery_control([t.p_value for t in tested])
    assert [t.q_value for t in tested] == pytest.approx(q, rel=1e-9, abs=0)
    rare = find(summary, "speed", "complaint")
    assert rare.mentions < 10
    assert rare.q_value is None and not rare.reported


def test_associated_themes_come_first_and_say_for_whom():
    summary = summarize_themes(*cohort())
    sides = {(t.reason, t.polarity): t.more_among for t in summary.themes}
    assert sides["price", "complaint"] == "left"
    assert sides["speed", "praise"] == "stayed"
    assert sides["price", "praise"] == sides["speed", "complaint"] == ""
    order = [(not t.reported, -t.mentions) for t in summary.themes]
    assert order == sorted(order)


def test_a_small_effect_is_not_reported_however_significant():
    labels, wrote, asked, left = cohort(n=200_000, effect=0.02)
    theme = find(summarize_themes(labels, wrote, asked, left), "price", "complaint")
    assert theme.q_value < 0.001
    assert not theme.reported  # two points, and less than 1.15 times
    lax = summarize_themes(labels, wrote, asked, left, DriverOptions(min_difference=0.01))
    assert find(lax, "price", "complaint").more_among == "left"


def test_shuffled_outcomes_report_hardly_anything():
    labels, wrote, asked, left = cohort()
    found = 0
    for seed in range(100):
        shuffled = np.random.default_rng(seed).permutation(left)
        summary = summarize_themes(labels, wrote, asked, shuffled)
        found += any(theme.reported for theme in summary.themes)
    assert found <= 12  # at most 5 expected


def test_too_few_texts_are_counted_but_not_tested():
    labels, wrote, asked, left = cohort(n=100)
    summary = summarize_themes(labels, wrote, asked, left)
    assert summary.texts_left < 10
    assert summary.themes
    assert all(theme.p_value is None and not theme.reported for theme in summary.themes)


def test_one_sided_feedback_has_no_comparison():
    labels, wrote, asked, left = cohort()
    summary = summarize_themes(labels, wrote, asked & left, left)
    theme = find(summary, "price", "complaint")
    assert theme.stayed is None and theme.difference is None and theme.risk_ratio is None
    assert theme.left is not None and not theme.reported


def test_no_feedback_and_no_customers_are_answered_with_zero():
    labels, wrote, asked, left = cohort()
    nobody = np.zeros_like(asked)
    silent = summarize_themes(labels.iloc[:0], nobody, asked, left)
    assert (silent.coverage.value, silent.labelled_share, silent.themes) == (0, None, ())
    empty = summarize_themes(labels, wrote, nobody, left)
    assert (empty.customers, empty.coverage, empty.themes) == (0, None, ())


def test_summary_survives_json_and_changes_nothing():
    labels, wrote, asked, left = cohort()
    before = labels.copy()
    summary = summarize_themes(labels, wrote, asked, left)
    assert type(summary).model_validate_json(summary.model_dump_json()) == summary
    assert not any(math.isnan(t.p_value) for t in summary.themes if t.p_value is not None)
    pd.testing.assert_frame_equal(labels, before)


@pytest.mark.skipif(not REAL_TABLE.exists(), reason=f"real data not found at {REAL}")
def test_real_feedback_complains_where_customers_left_and_praises_where_they_stayed():
    table = pd.read_csv(REAL_TABLE)
    schema = read_schema(ROOT / "conf" / "base" / "schemas" / "telco.yml")
    texts = table["CustomerFeedback"].fillna("")
    labels = label_feedback(texts.tolist(), schema)
    left = table["Churn"].eq("Yes").to_numpy()
    summary = summarize_themes(labels, texts.ne("").to_numpy(), np.ones(len(table), bool), left)
    assert (summary.customers, summary.texts, summary.texts_left) == (7043, 1876, 529)
    sides = {(t.polarity, t.more_among) for t in summary.themes if t.reported}
    assert ("complaint", "stayed") not in sides
    assert ("praise", "left") not in sides


# --- the phrases of the telco schema --------------------------------------------------------


def f1_by_language(schema, customers=3000):
    """Macro-F1 of the labels against the reasons that the simulator declares."""
    demo = simulate_customers(customers, seed=11)
    texts = demo.customers["CustomerFeedback"].fillna("").tolist()
    labels = label_feedback(texts, schema)
    said_in = zip(labels["row"], labels["reason"] + ":" + labels["polarity"], strict=True)
    found = pd.Series(list(said_in))
    truth = demo.truth_rows["reasons"].str.split(";").explode()
    truth = pd.Series(list(truth[truth != ""].items()))
    scores = {}
    for language in ("en", "zh"):
        rows = set(np.flatnonzero(demo.truth_rows["language"] == language))
        declared, labelled = ([p for p in pairs if p[0] in rows] for pairs in (truth, found))
        per_reason = []
        for name in {pair[1] for pair in declared}:
            one, two = ({row for row, key in side if key == name} for side in (declared, labelled))
            per_reason.append(2 * len(one & two) / (len(one) + len(two)))
        scores[language] = np.mean(per_reason)
    return scores


def test_reasons_of_the_demo_feedback_are_found_in_both_languages():
    schema = read_schema(ROOT / "conf" / "base" / "schemas" / "telco.yml")
    missing = set(REASONS) - {each.name for each in schema.reasons}
    if missing:
        pytest.skip(f"the telco schema has no phrases yet for {sorted(missing)}")
    scores = f1_by_language(schema)
    assert min(scores.values()) >= 0.80, scores
