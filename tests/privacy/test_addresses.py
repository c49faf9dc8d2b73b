import os
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churnlens.privacy import redaction
from churnlens.privacy.addresses import postal_addresses
from churnlens.privacy.chinese_addresses import chinese_addresses
from churnlens.privacy.folding import fold
from churnlens.privacy.redaction import redact
from privacy.addresses import FRESH, KNOWN, ROADS, look_alikes, marked

DATA = Path(
    os.environ.get("CHURNLENS_REAL_DATA", Path(__file__).parents[2].parent / "shared" / "data")
)
LANGUAGES = ("en", "zh")
READERS = (postal_addresses, chinese_addresses)
PIECES = st.sampled_from(
    [word for book in (KNOWN, FRESH) for lang in LANGUAGES for word in book[lang].split()]
    + [
        "路",
        "街",
        "号",
        "弄",
        "栋",
        "单元",
        "室",
        "村",
        "区",
        "市",
        "镇",
        "花园",
        "地址",
        "北京",
        "中山路",
        "12",
        "三",
        "A",
        "Street",
        "Way",
        "Flat",
        "TX",
        "78701",
        "SW1A",
    ]
    + ["1AA", " ", ", ", "\n", ".", "#", "P.O. Box ", "[address]", "１２", "\u200b", "\ud800"]
)
TEXTS = st.lists(PIECES | st.text(max_size=4), max_size=12).map("".join)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("book", [KNOWN, FRESH], ids=["known", "fresh"])
def test_the_whole_address_goes_and_nothing_else(book, language):
    pairs = marked(book, language)
    missed = [text for text, wanted in pairs if redact(text).text != wanted]
    assert len(pairs) == 30
    assert len(missed) <= 3, missed


@pytest.mark.parametrize("language", LANGUAGES)
def test_look_alikes_stay(language):
    texts = look_alikes(language)
    flagged = [text for text in texts if redact(text).counts]
    assert len(texts) >= 70
    assert len(flagged) <= 1, flagged


@pytest.mark.parametrize(
    ("seen", "unseen"),
    [
        ("12 Oak Street", "Oak Street"),
        ("98 king street", "98 on the street"),
        ("I live at 12 Elm Way", "I did 12 Elm Way"),
        ("12 Elm Way, Apt 3", "12 Elm Way, then 3"),
        ("12 Elm Way, Reno, NV", "12 Elm Way, Reno"),
        ("2000 Oak Street", "in 2000 Oak Street"),
        ("Reno, NV 89501", "Reno, NV"),
        ("reno, nv 89501", "reno, in 89501"),
        ("SW1A 1AA", "sw1a 1aa"),
        ("my postcode is sw1a1aa", "my model is sw1a1aa"),
        ("S10 8GZ", "S10 8GB"),
        ("zip code 89501", "zip file 89501"),
        ("PO Box 12", "the box 12"),
        ("12 Wall Street", "12 Wall Street Journal"),
        ("中山路12号", "宽带线路12号"),
        ("中山路1号", "中山路1号线"),
        ("中山路12号", "中山路12"),
        ("天津市解放道12号", "知道12号"),
        ("阳光花园3栋", "小区3栋"),
        ("3栋2单元501", "3栋楼"),
        ("3栋501室", "3栋501元"),
        ("春华镇金鼎山村", "金鼎山村"),
        ("金鼎山村3组", "农村3组"),
        ("地址：广东省深圳市", "广东省深圳市"),
        ("邮编100080", "编号100080"),
    ],
)
def test_how_much_is_enough_for_an_address(seen, unseen):
    assert redact(seen).counts == {"address": 1}
    assert redact(unseen).text == unseen


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12 Main St. It is dead", "[address] It is dead"),
        ("63 Mill Road. Their postcode is cb41xa", "[address]. Their postcode is [address]"),
        ("12 Oak Street, it cost me 12000", "[address], it cost me 12000"),
        ("John\n12 High Street\nLeeds\nLS1 4AB\nthanks", "John\n[address]\nthanks"),
        ("中山路12号，快递还没到", "[address]，快递还没到"),
        ("我在北京，网速慢，中山路12号", "我在北京，网速慢，[address]"),
        ("静安区南京西路12号", "[address]"),
        ("请改成西安市雁塔区科技路12号", "请改成[address]"),
        ("中山路\u200b１２号，12 Oak\u200b Street", "[address]，[address]"),
        ("北京8702信箱，邮政信箱 12号", "北京[address]，[address]"),
        ("call 020 7946 0958 at 12 Oak Street", "call [phone] at [address]"),
    ],
)
def test_where_an_address_begins_and_ends(text, expected):
    assert redact(text).text == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("送到解放路35号", "送到[address]"),
        ("地址：解放路35号", "地址：[address]"),
        ("住解放大道120号", "住[address]"),
        ("我住开放路8号", "我住[address]"),
        ("我家在解放路35号3单元501", "我家在[address]"),
        ("从化路9号", "[address]"),
        ("蓬来路9号", "[address]"),
        ("请从中山路12号搬走", "请从[address]搬走"),
        ("快递放人民路12号", "快递放[address]"),
        ("改为中山路12号", "改为[address]"),
    ],
)
def test_verbs_are_in_no_road_but_in_these(text, expected):
    assert redact(text).text == expected


@pytest.mark.parametrize("road", ROADS)
def test_common_roads_are_seen(road):
    for text in ("住{}", "送到{}，谢谢", "我家在{}"):
        assert redact(text.format(f"{road}35号")).text == text.format("[address]")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ship to Maria 1998 Sunset Boulevard", "ship to Maria [address]"),
        ("Deliver to Anna 2001 King Road, Flat 4", "Deliver to Anna [address]"),
        ("by 2010 Main Street, Apt 4", "by [address]"),
        ("I moved from 2012 Oak Street to Dallas", "I moved from [address] to Dallas"),
        ("it was May 2012 Oak Street, Apt 3, Austin, TX 78701", "it was May [address]"),
        ("we live in 1998 Oak Street", "we live in [address]"),
        ("I live at 8 willow way", "I live at [address]"),
        ("SHIP IT TO 12 ELM DRIVE", "SHIP IT TO [address]"),
        ("my address is 12 elm close", "my address is [address]"),
        ("they are at 1 logan square", "they are at [address]"),
        ("WE ARE AT 14 KINGS PARADE", "WE ARE AT [address]"),
        ("3 elm close, flat 4", "[address]"),
        ("Portland OR 97201", "[address]"),
        ("INDIANAPOLIS, IN 46204", "[address]"),
        ("12 OAK STREET, PORTLAND OR 97201", "[address]"),
        ("detroit, mi 48201", "[address]"),
        ("Sydney NSW 2000, Canberra ACT 2600", "[address], [address]"),
        ("DARWIN NT 0800, PERTH WA 6000", "[address], [address]"),
        ("9 Elm Way, Boise, ID", "[address]"),
        ("Order ID 12345", "Order ID [order]"),
        ("My Account ID 1234", "My Account ID 1234"),
    ],
)
def test_years_and_words_in_capitals(text, expected):
    assert redact(text).text == expected


@settings(max_examples=300)
@given(TEXTS)
def test_spans_are_in_the_text_and_redaction_is_idempotent(text):
    plain = fold(text).text
    for reader in READERS:
        spans = list(reader(plain))
        assert all(0 <= start < end <= len(plain) for start, end in spans)
        assert all(plain[start:end].strip() == plain[start:end] for start, end in spans)
    once = redact(text)
    again = redact(once.text)
    assert (again.text, again.counts) == (once.text, {})


@settings(max_examples=300)
@given(st.text(st.characters(exclude_categories=["Nd", "Lo", "No"]), max_size=60))
def test_no_address_without_a_number_or_a_chinese_sign(text):
    assert not [span for reader in READERS for span in reader(fold(text).text)]


REPEATED = (
    "a", "A", "1", "\n", "\r\n", " ", "0 ", "1 A ", "Aa ", "A, ", "Aa\n", "12 Main ", "1 a b ", "1st ",
    "Flat 1/", "Apt 1, ", "# 1 ", "Rose House, ", "12 Oak Street Aa ", "PO Box 1 Aa ", "zip my ", "1/1/",
    "路", "路1号", "中", "一", "市", "区 ", "北京", "村1组", "花园1栋", "大厦A座", "中山路1号中a大", "1单元",
    "1号楼 , ", "住址区区", "1-", "家在上海市 ", "abc, TX 12345", "zip 12345", "Aa, TX 12345",
    "abc, OR 97201", "Abc OR 97201", "12 OAK ST, RENO IN 46204", "NSW 2000", "PO Box 1", "12 Oak Street", "SW1A 1AA", "中山路1号", "3栋501室",
)  # fmt: skip


@pytest.mark.parametrize("piece", REPEATED)
def test_no_pattern_is_slow(piece):
    """Where a pattern looks back at all that came before, this takes hours and not a second."""
    text = fold(piece * (100_000 // len(piece)) + "!").text
    for reader in READERS:
        assert all(end - start < 400 for start, end in reader(text))


@pytest.mark.parametrize("piece", REPEATED)
def test_glued_addresses_take_few_rounds(piece, monkeypatch):
    """Where each round finds only the last of them, the time grows by the square of the length."""
    rounds, find = [], redaction._find
    monkeypatch.setattr(redaction, "_find", lambda *told: rounds.append(1) or find(*told))
    redact(piece * 40)
    assert len(rounds) <= 4


def test_a_bench_of_marks_is_whole():
    lines = "".join(book[language] for book in (KNOWN, FRESH) for language in LANGUAGES)
    assert len(re.findall("«[^»«]+»", lines)) == 120


@pytest.mark.skipif(
    not DATA.is_dir(), reason=f"no real data at {DATA.name}: set CHURNLENS_REAL_DATA"
)
def test_addresses_of_real_dialogues():
    """Houses in sentences that others wrote: at least 95 % are seen."""
    lead = re.compile(r"(?:address is|located at|location is) (\d{1,5} [A-Za-z][^.,!?\t]{3,40})")
    files = [DATA / "uss_satisfaction" / name for name in ("SGD.txt", "MWOZ.txt")]
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    planted = [(line, match.start(1)) for line in lines for match in lead.finditer(line)]
    spans = {line: list(postal_addresses(line)) for line, _ in planted}
    seen = [any(a <= at < b for a, b in spans[line]) for line, at in planted]
    assert len(seen) > 400
    assert sum(seen) >= 0.95 * len(seen)
