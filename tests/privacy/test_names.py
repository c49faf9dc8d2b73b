import pytest

from churnlens.privacy.names import Directory, parse_name
from churnlens.privacy.redaction import redact


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "Maria Gonzalez",
            "this is maria, MARIA GONZALEZ and Gonzalez, Maria",
            "this is [name], [name] and [name]",
        ),
        (
            "Maria Gonzalez",
            "Mrs. Gonzalez's line; m. gonzalez; mariagonzalez; Maria L. Gonzalez",
            "Mrs. [name]'s line; [name]; [name]; [name]",
        ),
        ("Maria Gonzalez", "marianne gonzalezville", "marianne gonzalezville"),
        ("Gonzalez, Maria", "maria gonzalez", "[name]"),
        (
            "Dr. Patrick O'Brien Jr.",
            "obrien, O’Brien, patrick; dr who jr",
            "[name], [name]; dr who jr",
        ),
        ("Jean-Luc Dupont", "jean luc dupont and Jean-Luc", "[name] and [name]"),
        ("José Álvarez", "jose ALVAREZ, Jose\u0301", "[name], [name]\u0301"),
        (
            "Bill Price",
            "the bill is high, price went up. Bill came. Price too.",
            "the bill is high, price went up. Bill came. Price too.",
        ),
        (
            "Bill Price",
            "I told Bill; hi bill, this is Bill Price",
            "I told [name]; hi [name], this is [name]",
        ),
        (
            "Grace Young",
            "Grace called. the grace period. Young man",
            "[name] called. the grace period. [name] man",
        ),
        ("Will May", "Will you? May I? will. i will", "Will you? May I? will. i will"),
        ("Jo Li", "a reliable job, Jo Li; mr li", "a reliable job, [name]; mr [name]"),
        (
            "John Allen Smith",
            "john a. smith, John Smith, smith john, allen",
            "[name], [name], [name], [name]",
        ),
        (
            "王小明",
            "我是王小明，王先生，小明，王 小明，王 女士，小王，老王家",
            "我是[name]，[name]，[name]，[name]，[name]，[name]，[name]家",
        ),
        ("王小明", "国王，大王，王总是说，总体", "国王，大王，王总是说，总体"),
        ("王小明先生", "先生您好，我是王小明", "先生您好，我是[name]"),
        ("王先生", "先生您好，王小姐和王先生", "先生您好，[name]和[name]"),
        ("王*明", "王先生", "[name]"),
        ("欧阳锋", "欧阳先生", "[name]"),
        ("Anna Ruiz", "annaruiz, anna_ruiz", "[name], [name]_[name]"),
        ("Ana Ruiz", "anaruiz", "anaruiz"),
        ("Zoe Ng", "zoe or ng", "[name] or ng"),
        ("欧阳娜娜", "欧阳女士，娜娜，欧先生", "[name]，[name]，欧先生"),
        ("阿布都·热合曼", "阿布都热合曼和阿布都•热合曼，热合曼", "[name]和[name]，[name]"),
        ("李国庆", "国庆节涨价，我叫国庆，李国庆", "国庆节涨价，我叫[name]，[name]"),
        ("时光", "小时前，时先生", "小时前，[name]"),
        ("张伟 (David)", "david和张伟，张先生", "[name]和[name]，[name]"),
        (
            "Card Order",
            "my card and order 12345, [card]; this is Card Order",
            "my [name] and order [order], [card]; this is [name]",
        ),
        ("", "nobody", "nobody"),
        ("...", "nobody ...", "nobody ..."),
        ("unknown", "an unknown fault", "an unknown fault"),
    ],
)
def test_own_name(name, text, expected):
    assert redact(text, [name]).text == expected


def test_several_names_and_missing_ones():
    assert redact("Ann and 李伟", ["Ann Tree", None, "李伟"]).text == "[name] and [name]"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ask maria gonzalez", ["maria gonzalez"]),
        ("Gonzalez, Maria did", ["Gonzalez, Maria"]),
        ("Maria L. Gonzalez", ["Maria L. Gonzalez"]),
        ("maria alone, gonzalez alone", []),
        ("m. gonzalez", []),
        ("王小明和李伟", ["王小明"]),
        ("bill price", []),
        ("cher", []),
        ("欧阳娜娜，阿布都.热合曼", ["欧阳娜娜", "阿布都.热合曼"]),
        ("nothing", []),
        ("", []),
    ],
)
def test_directory_finds_whole_names_only(text, found):
    people = [
        "Maria Gonzalez",
        "王小明",
        "李伟",
        "Bill Price",
        "欧阳娜娜",
        "Cher",
        "",
        "阿布都·热合曼",
    ]
    spans = [span for name in Directory(people).mentioned(text) for span in name.find_whole(text)]
    assert [text[slice(*span)] for span in sorted(spans)] == found


def test_an_absent_name_costs_no_pattern():
    from churnlens.privacy import names

    names._compiled.cache_clear()
    assert list(parse_name("Maria Gonzalez").find("the line is slow")) == []
    assert names._compiled.cache_info().misses == 0
