"""Names that a text itself introduces: "my name is Ann Lee", "regards, Ann", 我叫王小明.

Precision before recall. An English name has capital letters. A Chinese one is a surname of the
lists below and one or two characters, none of them a particle, and nothing Chinese behind it; two
after 我是 where the surname begins words as well (高, 金, 程). "I'm Ann", a name in small letters,
and a name that is only used ("Hi Ann") are not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from churnlens.privacy.name_words import COMPOUND_SURNAMES, SENTENCE_STARTERS

_WORD: Final = "(?:[A-Z](?:'[A-Z])?[a-z]+(?:[A-Z][a-z]+)?(?:-[A-Z][a-z]+)*)"
_FULL: Final = rf"(?P<name>{_WORD}(?: (?:{_WORD}|[A-Z]\.)){{0,3}})"
_CALLED: Final = re.compile(rf"\b(?:[Mm]y name is|[Mm]y name's|I am called) {_FULL}")
_SPEAKING: Final = re.compile(rf"\b[Tt]his is {_FULL} (?:speaking|calling|here)\b")
_SIGNED: Final = re.compile(
    r"\b(?:[Rr]egards|[Ss]incerely|[Cc]heers|[Yy]ours(?: truly)?|[Bb]est wishes|[Rr]espectfully)"
    rf"[,.]?[ \n]*{_FULL}(?=[ .!)]*(?:\n|\Z|\d/\d|[(\[]|https?:)|[.!] )"
)
_OTHERS: Final = """
a all already an at being but correct customer different everyone folks from guys here hi how in
incorrect it its listed mate misspelled missing my never not now of on our please sir madam so
spelled spelt still support team thank thanks the there we what when where wrong you your service
care
"""
_NO_NAME: Final = frozenset(_OTHERS.split())
_NOT_AFTER_NAME: Final = _NO_NAME | (SENTENCE_STARTERS - {"may", "mark", "will", "price", "best"})

_CLEAR: Final = (
    "王李张刘陈杨赵吴徐孙胡朱郭罗梁宋郑谢韩唐冯董萧曹袁邓傅沈彭吕苏卢蒋蔡贾丁魏薛林阎潘杜戴钟汪姜谭廖邹熊陆郝孔崔"
    "邱秦侯邵贺赖龚尹黎殷葛詹洪翁庞樊柯莫裘吴岳骆"
)
_AMBIGUOUS: Final = (
    "黄周何高马于程曾许叶余夏田任范方石姚金白康毛江史顾孟龙万段雷钱汤易常武乔文温安严倪施柳俞章鲁"
)
_DOUBLE: Final = "|".join(sorted(COMPOUND_SURNAMES))
_HAN: Final = "\u3400-\u9fff"
_PARTICLES: Final = (
    "了的过不没都来去吗呢吧啊呀是在有就要们个也很还会能到着和跟与或我你您他她它这那哪谁什么怎给把被让请说想看买退换"
    "州市县区省局人员户客级卡店号单机车房次月年日时分钟元块经版工"
)
_GIVEN: Final = f"[{_HAN}]"
_PART: Final = f"(?:(?![{_PARTICLES}]){_GIVEN})"
_HONORIFIC: Final = "先生|女士|小姐|太太"


_OTHER_WORDS: Final = (
    "(?:.家[口港界角庄]|高中|高[级价]|安[卓装徽]|[黄白]金|金牌|文化|任何|马上|方便|江[苏西])"
)


_END: Final = f"(?![{_HAN}])"
_GOES_ON: Final = f"(?:{_END}|(?=住在|来自|电话|手机|身份证|今年|是你|是您|的电话|的手机))"
_ASKED: Final = "姓名|名字|署名|收件人|收货人|联系人|签收人|户主|机主"
_NAMED: Final = re.compile(
    rf"(?:我叫做?|我的?(?:名字|姓名)(?:是|叫|为)|(?:{_ASKED})(?:是|叫|为)?[:：]) ?"
    rf"(?P<name>(?:{_DOUBLE}|[{_CLEAR}{_AMBIGUOUS}]) ?(?:{_HONORIFIC}|{_PART}{{1,2}}?)){_GOES_ON}"
)
_BEING: Final = re.compile(
    rf"(?:我是|我就是|本人是?) ?(?!{_OTHER_WORDS})(?P<name>"
    rf"(?:{_DOUBLE}|[{_CLEAR}]) ?(?:{_HONORIFIC}|{_PART}{{1,2}})"
    rf"|[{_AMBIGUOUS}] ?(?:{_HONORIFIC}|{_PART}{{2}})){_END}"
)

INTRODUCTION: Final = re.compile(
    r"name|[Ss]incerely|[Rr]egards|[Cc]heers|[Yy]ours|wishes|[Rr]espectfully|[Tt]his is|I am called"
    f"|我叫|我是|我就是|本人|{_ASKED}"
)
"""A cheap pattern without which nothing is introduced."""


def introduced_names(text: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of names that a folded text introduces."""
    for pattern in (_CALLED, _SPEAKING, _SIGNED):
        for match in pattern.finditer(text):
            if end := _end_of(match["name"]):
                yield match.start("name"), match.start("name") + end
    for pattern in (_NAMED, _BEING):
        for match in pattern.finditer(text):
            yield match.span("name")


def _end_of(words: str) -> int:
    """Return how many characters of capitalised words are a name; 0 where they are none."""
    end = 0
    for place, word in enumerate(re.finditer(r"\S+", words)):
        if word[0].lower() in (_NOT_AFTER_NAME if place else _NO_NAME):
            break
        end = word.end()
    return end
