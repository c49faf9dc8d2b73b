"""Set phrases and asides, rewritten before a text is cut into words.

They hold no word of a table; what is rewritten is a way of speaking: "revenue at risk aside, …",
从收入角度看, 均未订购 (都没订), "renew every month", "by what means".
"""

from __future__ import annotations

import re

_STAKES_EN = (
    r"(?:revenues?|profits?|profitability|margins?|costs?|budgets?|roi|turnover|earnings|sales"
    r"|business|commercial|financial|finance|retention|management|strategy|strategic|product"
    r"|marketing|customer|cash flow|bottom line|money)"
)
_STAKES_ZH = (
    "(?:收入|营收|利润|成本|预算|业务|经营|财务|公司|管理|运营|留存|保有|增长|业绩|现金流|盈利|战略"
    "|营销|产品|客户|用户|数据|风险|维系|挽留|商业)"
)
_SIDE_EN = r"(?:stand ?point|perspective|point of view|view ?point|angle|vantage point)"
_SIDE_ZH = "(?:角度|视角|立场|层面|出发点|维度|口径|考虑|考量|出发)"
_GOT = (
    "(?:开通|订购|订阅|购买|办理|安装|使用|选购|加装|享有|启用|开|订|买|办|装|用|选|加|接|配|要|上|有)"
)
_END = "(?=[的,.。?!;:、]|$|人|客|用户)"
_BOTH = "(?:这?(?:两|二|俩)(?:样|个|者|项|种|款)?(?:服务|业务|功能)?)"

IDIOMS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), new)
    for pattern, new in (
        # what the asker leaves aside, or from where he looks
        (
            rf"(?:^|(?<=[.!?;:,]))\s*(?:quite )?(?:(?:leav|sett|putt)ing )?(?:the |our |all )?"
            rf"{_STAKES_EN}(?: [a-z]+){{0,3}} (?:aside|apart|notwithstanding) ?,",
            " ",
        ),
        (
            rf"\b(?:(?:leaving|setting|putting) aside|(?:quite )?(?:aside|apart) from|regardless of"
            rf"|irrespective of|never mind|forget about|beyond) (?:the |our |all )?{_STAKES_EN}"
            rf"(?: (?:at|of|and|or|in) [a-z]+| [a-z]+){{0,1}} ?,",
            " ",
        ),
        (
            rf"\b(?:from|viewed from|seen from) (?:an?|the|our) (?:[a-z]+ )?{_STAKES_EN} "
            rf"(?:[a-z]+ )?{_SIDE_EN}\b",
            " ",
        ),
        (
            rf"\b(?:with|given) (?:the |our )?{_STAKES_EN}(?: [a-z]+)? "
            r"(?:in mind|at stake|in view|at risk) ?,",
            " ",
        ),
        (
            rf"(?:单?从|站在|出于|就|以)[^,.。?!;:]{{0,4}}?{_STAKES_ZH}[^,.。?!;:]{{0,4}}?{_SIDE_ZH}"
            "(?:上|来)?(?:看|说|讲|分析|考虑|出发|而言)?(?=[,，对]|[^,.。?!;:]{0,2}[客用光老签])",
            "",
        ),
        (
            rf"(?:抛开|撇开|先?不谈|不考虑|且不说|不论|先不管|不提){_STAKES_ZH}"
            "(?:损失|影响|因素|问题|层面|目标|压力)?(?:不谈|不论|不说|不管)?(?=,)",
            "",
        ),
        # how it is asked
        (r"\b(?:by|through) (?:what|which) (?:means|measures|methods|steps|actions)\b", "how"),
        (r"\bgive (?:us |me |you )?as (?:a |the |their )?(?:main )?reasons?\b", "say is the reason"),
        # how a contract runs, how long somebody has been here, how old he is
        (r"\brenew(?:s|ing|ed|al)? (?=(?:from )?month (?:by|to) month)", "on "),
        (
            r"\brenew(?:s|ing|ed)? (?:their \w+ |the \w+ )?(?:every|each) (?:single )?month\b"
            r"|\brenew(?:s|ing|ed)? (?:their \w+ |the \w+ )?monthly\b",
            "on a month to month contract",
        ),
        (
            "(?:每月|每个月|逐月|按月|月月|一月)(?:才|都|地)?(?:续签|续约|续费|续订|续一次|一续|一签)"
            "(?=的|[客用人]|,)",
            "按月合约",
        ),
        (
            r"\b(?:newly|freshly|recently|just) (?:won|gained|landed|recruited|onboarded|obtained)"
            r"(?! (?:back|over))\b",
            "newly acquired",
        ),
        (
            r"\b(?:below|under|not yet (?:at|of|in)|younger than|short of|before|not at"
            r"|not of|who have not reached|yet to reach) (?:the )?(?:retirement|pension|pensionable) age\b",
            "pre retirement",
        ),
        (
            r"\b(?:above|past|over|beyond|at|older than|who have reached) (?:the )?"
            r"(?:retirement|pension|pensionable) age\b",
            "of retirement age",
        ),
        ("(?:还?没到|还?未到|不到|未达|低于|还没有到)(?:法定)?退休年龄", "未退休"),
        ("(?:已到|已经到|到了|达到|超过|过了)(?:法定)?退休年龄", "已退休"),
        # both, none, one of two
        (
            rf"(?:均|皆|全都|统统|通通|全部|全|都)(?:已)?(?:从未|未曾|不曾|没有|未|没){_GOT}(?:过)?{_END}",
            "都没订",
        ),
        (
            rf"{_BOTH}(?:全都|都|全|均|皆)(?:已经|已)?{_GOT}(?:了|齐|满|齐全)?{_END}",
            "两样都有",
        ),
        (
            rf"(?:至少|起码|最少|好歹){_GOT}?(?:了|过)?(?:其中)?(?:的)?(?:任意)?"
            rf"(?:一个|一项|一种|一样|一款|其一|之一){_END}",
            "至少一样",
        ),
        ("(嚷嚷|嚷|闹|吵吵|吵|喊|叫嚣|哭着喊)着(?=要|想|说)", "吵着"),
    )
)


def without_idioms(text: str) -> str:
    """Return a cleaned text with its set phrases said plainly."""
    for pattern, new in IDIOMS:
        text = pattern.sub(new, text)
    return text
