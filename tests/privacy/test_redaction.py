import math
import os
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churnlens.privacy.redaction import PLACEHOLDERS, Tags, redact, redact_column, redact_dialogue
from privacy.planted import positives

PLANTED = list(positives(each=25, seed=99))
NAMES = ["Maria Gonzalez", "王小明", "Bill Price", "Card Phone", "o", "[name]"]
FRAGMENTS = st.sampled_from([p.value for p in PLANTED]) | st.sampled_from(
    [
        "订单号",
        "order no. ",
        "[phone]",
        "[order], ",
        "call ",
        " and ",
        "+86",
        "＋",
        "①",
        "😀",
        "שלום",
        "١٢٣",
        "\u202e",
        "\ud800",
        "Maria ",
        "王",
        "@",
        ".",
    ]
)
TEXTS = st.lists(
    FRAGMENTS | st.text(max_size=6) | st.from_regex(r"[\d １２-]{1,12}", fullmatch=True), max_size=8
).map("".join)
PLACEHOLDER = re.compile("|".join(map(re.escape, PLACEHOLDERS.values())))
DATA = Path(
    os.environ.get("CHURNLENS_REAL_DATA", Path(__file__).parents[2].parent / "shared" / "data")
)


@settings(max_examples=1500)
@given(TEXTS, st.lists(st.sampled_from(NAMES), max_size=2))
def test_idempotent_and_keeps_all_other_text(text, names):
    """T4: nothing raised, the second time changes nothing, all else is the text's own."""
    once = redact(text, names)
    again = redact(once.text, names)
    assert again.text == once.text
    assert not again.counts
    kept = PLACEHOLDER.split(once.text)
    assert re.fullmatch(".*?".join(map(re.escape, kept)), text, re.DOTALL)
    new = len(PLACEHOLDER.findall(once.text)) - len(PLACEHOLDER.findall(text))
    assert sum(once.counts.values()) == new


@settings(max_examples=500)
@given(st.text())
def test_any_text_at_all(text):
    name = text[:12]
    once = redact(text, [name])
    assert redact(once.text, [name]).text == once.text


def test_placeholders_are_one_a_kind():
    kinds = {"phone", "id", "card", "email", "order", "name", "ip", "address"}
    assert set(PLACEHOLDERS) == kinds
    assert redact("x").counts == Counter()


def test_a_redaction_is_frozen():
    with pytest.raises(AttributeError):
        redact("x").text = "y"


def test_several_kinds_in_one_text():
    text = (
        "订单号 20240501778，电话13800138000，a@b.com，身份证11010519491231002X，"
        "卡4111111111111111，ip 10.0.0.1，中山路12号，王先生"
    )
    result = redact(text, ["王伟"])
    expected = (
        "订单号 [order]，电话[phone]，[email]，身份证[id]，卡[card]，ip [ip]，[address]，[name]"
    )
    assert result.text == expected
    assert result.counts == dict.fromkeys(PLACEHOLDERS, 1)


def test_a_log_line():
    line = (
        "2026-11-22 02:39:10,123 ERROR row 17: got '138 0013 8000', expected a number"
        " (load version 2026-11-22T02.39.10.123Z)"
    )
    assert redact(line).text == line.replace("138 0013 8000", "[phone]")


def test_long_lists_are_read_in_one_go():
    numbers = [str(123456 + i) for i in range(3000)]
    assert redact("order " + ", ".join(numbers)).counts == {"order": 3000}
    assert redact("020 7946 0958 " * 2000).counts == {"phone": 2000}


def test_column_has_each_row_its_own_name():
    texts = ["Maria here, Bill too", "maria and 王先生", "call 13800138000", None, math.nan]
    names = ["Maria Gonzalez", "王小明", None, "Ann Tree", math.nan]
    redacted, counts = redact_column(texts, names)
    assert redacted == ["[name] here, Bill too", "maria and [name]", "call [phone]", "", ""]
    assert counts == {"name": 2, "phone": 1}


def test_column_knows_the_other_customers_whole_names():
    text = "ask Maria Gonzalez, or 王小明, not gonzalez or 李伟"
    assert redact_column([text], ["Ann Tree"]) == ([text], {})
    names = ["Ann Tree", "Maria Gonzalez", "王小明", "李伟"]
    redacted, counts = redact_column([text, "", "", ""], names)
    assert redacted[0] == "ask [name], or [name], not gonzalez or 李伟"
    assert counts == {"name": 2}


def test_column_lengths_must_agree():
    with pytest.raises(ValueError, match="shorter|longer"):
        redact_column(["a", "b"], ["Ann"])


def test_columns_of_pandas():
    import pandas as pd

    frame = pd.DataFrame({"text": ["a@b.com", None], "name": [None, "Ann Tree"]})
    assert redact_column(frame["text"], frame["name"]) == (["[email]", ""], {"email": 1})
    assert list(frame["text"].isna()) == [False, True]


@pytest.mark.skipif(
    not DATA.is_dir(), reason=f"no real data at {DATA.name}: set CHURNLENS_REAL_DATA"
)
def test_real_feedback_and_tables_raise_no_alarm():
    import pandas as pd

    table = pd.read_csv(
        DATA / "telco_feedback" / "telco_churn_with_feedback.csv", dtype=str
    ).fillna("")
    texts = [text for text in table["CustomerFeedback"] if text]
    rows = [
        " ".join(row) for row in table.drop(columns="CustomerFeedback").head(2000).values.tolist()
    ]
    assert len(texts) > 1800
    assert redact_column(texts + rows, [None] * (len(texts) + len(rows)))[1] == Counter()


@pytest.mark.skipif(
    not DATA.is_dir(), reason=f"no real data at {DATA.name}: set CHURNLENS_REAL_DATA"
)
def test_reference_and_phone_numbers_of_real_dialogues():
    """Numbers that others invented, in sentences that others wrote: at least 98 % are seen."""
    lines = (DATA / "uss_satisfaction" / "MWOZ.txt").read_text(encoding="utf-8").splitlines()
    reference = re.compile(
        r"(?i:reference (?:number|code|#) ?(?:is)? ?:? ?)([A-Z0-9]{8})(?![A-Za-z0-9])"
    )
    for pattern, floor in ((reference, 0.98), (re.compile(r"(?<!\d)(0\d{4} ?\d{6})(?!\d)"), 0.99)):
        planted = [(line, match[1]) for line in lines for match in pattern.finditer(line)]
        seen = [value not in redact(line).text for line, value in planted]
        assert len(seen) > 300
        assert sum(seen) >= floor * len(seen)


NUMBERED = re.compile(r"\[(?:" + "|".join(PLACEHOLDERS) + r")_\d+\]")


def test_one_item_has_one_tag_in_a_dialogue():
    turns = [
        "call 138-0013-8000 or a@b.com",
        "not 13900139000?",
        "yes, 13800138000, Maria Gonzalez",
    ]
    redacted, counts = redact_dialogue(turns, ["Maria Gonzalez"])
    assert redacted == [
        "call [phone_1] or [email_1]",
        "not [phone_2]?",
        "yes, [phone_1], [name_1]",
    ]
    assert counts == {"phone": 3, "email": 1, "name": 1}


def test_numbering_goes_on_after_the_tags_of_a_text():
    assert redact_dialogue(["[phone_3] and 13800138000"])[0] == ["[phone_3] and [phone_4]"]
    tags = Tags()
    assert redact_dialogue(["13800138000"], tags=tags)[0] == ["[phone_1]"]
    assert redact_dialogue(["13900139000"], tags=tags)[0] == ["[phone_2]"]


@settings(max_examples=300)
@given(st.lists(TEXTS, max_size=4), st.lists(st.sampled_from(NAMES), max_size=2))
def test_numbered_tags_hide_what_placeholders_hide(texts, names):
    redacted, counts = redact_dialogue(texts, names)
    again = redact_dialogue(redacted, names)
    assert again == (redacted, {})
    assert sum(counts.values()) == sum(len(NUMBERED.findall(text)) for text in redacted)
