"""Unknown words: harmless, unless they stand where they cut out a group that nobody knows.

"Why do lovely fiber customers leave" may pass over a word; "customers from Wakanda",
"why did Jane Doe leave" and 铁杆客户 may not, because the answer would be about other people.
"""

from __future__ import annotations

from churnlens.evidence.parsing.items import Item, item_at
from churnlens.evidence.parsing.quantities import QuantityItem

_PLACES = frozenset({"from", "in", "at", "near", "around", "living", "live", "based", "outside"})
_MARKS = _PLACES | {"with", "having", "owning"}  # of seniors too: "seniors with pacemakers"
_SEEN_THROUGH = ("link", "with", "neg", "modifier", "neutral", "quantity", "join", "cmp.ge")
_AUXILIARIES = frozenset({"did", "does", "has", "will", "is", "was"})
_WHO = frozenset({"who", "that", "whose"})
_HEADED = frozenset({"with", "without", "who", "whose", "that", "on"})
_DETERMINERS = frozenset(
    ["our", "the", "of", "do", "did", "are", "many", "how many", "all", "these", "those", "which"]
)
_AMONG = frozenset({"among", "amongst", "of", "for", "do", "are", "between", "from", "number of"})
_EVENTS = frozenset({"before", "after", "since", "during", "until"})
_FROM = frozenset(
    [
        "来自",
        "住在",
        "住",
        "用",
        "使用",
        "有",
        "持有",
        "养",
        "属于",
        "带",
        "买",
        "上",
        "装",
        "装了",
        "开",
        "喜欢",
    ]
)
_VERBS = tuple("戴穿住养骑读学信属爱玩抽喝吃租坐做当拿持")  # what opens 戴助听器的老人
_PLACE_ENDS = tuple("边区省市县镇村路街楼店厅岛国州湾港山河湖")
_SURNAMES = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
    "余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
_LONGEST_NAME = 3
_SHORTEST_TRAIT = 2
_LONGEST_VERB = 2  # items between unknown words and 的
_REACH = 3  # words between "who" and what they do
_ACTS = ("why", "left", "stayed", "howto", "stop")
_WILL = ("会", "还会", "要")
_HONORIFICS = ("先生", "女士", "小姐", "太太")


def is_chinese(text: str) -> bool:
    """Whether a text begins with a Chinese character."""
    return "\u3400" <= text[:1] <= "\u9fff"


def _run(items: list[Item], at: int) -> tuple[int, int]:
    """Return where the unknown words around a place begin and end."""
    start, end = at, at + 1
    while start > 0 and items[start - 1].has("unknown"):
        start -= 1
    while end < len(items) and items[end].has("unknown"):
        end += 1
    return start, end


def _is_code(item: Item) -> bool:
    """Whether an item is a naked number, part of an identifier when a strange word is beside it."""
    return isinstance(item, QuantityItem) and not item.quantity.compared and item.text.isdigit()


def _told(items: list[Item]) -> bool:
    """Whether something known restricts the customers, so that an adjective is only colour."""
    return any(i.mentions("value", "term") or isinstance(i, QuantityItem) for i in items)


def _names_group(items: list[Item], start: int, end: int) -> bool:
    """Whether the words stand right before "customers": "left-handed customers"."""
    if not item_at(items, end).has("noun") or item_at(items, end).mention or _told(items):
        return False
    before = start - 1
    while item_at(items, before).text in ("a", "an", "such", "very", "so"):
        before -= 1
    return item_at(items, before).text not in ("is", "are") or before == start - 1


def _possessed(items: list[Item], start: int, end: int) -> bool:
    """Whether customers are cut out by what they own or where they live: "those with twins"."""
    if item_at(items, end).mention or item_at(items, end).has("tone"):
        return False
    before, owned, marked = start - 1, False, False
    while before >= 0 and items[before].has(*_SEEN_THROUGH):
        if items[before].has("noun", "stop", "left", "stayed") or items[before].mention:
            break
        if items[before].text in ("we", "i", "you"):
            return False
        marked = marked or items[before].text in _MARKS or items[before].text == "without"
        owned = owned or marked or items[before].has("with", "neg")
        before -= 1
    head = item_at(items, before)
    return (owned and head.has("noun")) or (marked and head.mentions("value", "term"))


def _is_kind(items: list[Item], start: int, end: int) -> bool:
    """Whether the asker owns people of an unknown kind: "churn among our brand ambassadors"."""
    led = item_at(items, start - 1).text == "our"
    owner = item_at(items, start - 2).text
    among = owner in _AMONG or owner.endswith((" of", "number"))
    after = item_at(items, end)
    closed = after.has("stop", "comma", "left", "stayed") or after.text in _WHO
    plural = items[end - 1].text.endswith("s") and not items[end - 1].text.endswith("ss")
    return led and among and closed and plural


def _heads(items: list[Item], start: int, end: int) -> bool:
    """Whether people of an unknown kind are meant: "why do welders with fiber leave"."""
    first, last = items[start - 1] if start else None, items[end - 1].text
    opened = first is not None and first.text in (
        "do",
        "did",
        "are",
        "were",
        "of",
        "many",
        "how many",
    )
    plural = last.endswith("s") and not last.endswith("ss")
    return plural and opened and item_at(items, end).text in _HEADED


def _is_agent(items: list[Item], start: int, end: int) -> bool:
    """Whether somebody else is asked for: "which supervisor lost the most customers"."""
    asked = start > 0 and items[start - 1].text in ("which", "whose")
    return asked and not item_at(items, end).mention and not item_at(items, end).has("noun")


def _is_event(items: list[Item], start: int, _end: int) -> bool:
    """Whether a time is told by something unknown: "after the merger"."""
    before = start - 1
    while item_at(items, before).text in ("the", "our", "their", "and", *_EVENTS) and before >= 0:
        if items[before].text in _EVENTS:
            return True
        before -= 1
    return False


def _does(items: list[Item], start: int, end: int) -> bool:
    """Whether customers are cut out by what they do: "who knit leave", "who love jazz"."""
    who = start - 1
    while who >= start - _REACH and item_at(items, who).has("neutral", "link"):
        if items[who].text in _WHO or items[who].mention:
            break
        who -= 1
    if item_at(items, who).text not in _WHO or not item_at(items, who - 1).has("noun"):
        return False
    stop = next((i for i in range(end, len(items)) if items[i].has("comma", "stop")), len(items))
    return not any(item.mention for item in items[end:stop])


def _is_factor(items: list[Item], start: int, end: int) -> bool:
    """Whether churn is asked by something unknown: "does the moon affect churn", "by shoe size"."""
    before, after = item_at(items, start - 1), item_at(items, end)
    if any(item.mention for item in items):
        return False
    split = before.text == "by" and item_at(items, start - 2).has("left", "stayed", "many")
    chinese = after.text == "对" and before.has("stop", "comma")
    affects = after.has("effect") or item_at(items, end + 1).has("effect") or chinese
    return split or (affects and any(item.has("effect") for item in items))


def _is_subject(items: list[Item], start: int, end: int) -> bool:
    """Whether somebody's name stands where the customers should: "why did jane leave"."""
    if any(item.has("noun") for item in items[:end]) or item_at(items, end).has("noun"):
        return False
    asked = item_at(items, start - 1).text in _AUXILIARIES
    return asked and item_at(items, end).has("left", "stayed") and not items[end].has("many")


def describes(items: list[Item], start: int, end: int) -> bool:
    """Whether an adjective restricts known customers: "our impatient fiber customers"."""
    led = item_at(items, start - 1).text in _DETERMINERS and not items[end - 1].text.endswith("ing")
    head = end
    while item_at(items, head).mentions("value", "term"):
        head += 1
    people = item_at(items, head).has("noun") or item_at(items, head).has("left", "stayed")
    return led and head > end and people


_READINGS = (
    ("unknown_group", describes),
    ("unknown_group", _names_group),
    ("unknown_group", _does),
    ("unknown_group", _is_kind),
    ("unknown_group", _heads),
    ("unknown_time", _is_event),
    ("unknown_topic", _is_agent),
    ("unknown_topic", _possessed),
    ("unknown_topic", _is_subject),
    ("unknown_topic", _is_factor),
)  # what cuts out a group, the surest first


def _english(items: list[Item], at: int, proper: frozenset[str]) -> str | None:
    start, end = _run(items, at)
    if any(_is_code(item_at(items, place)) for place in (at - 1, at + 1)):
        return "single_customer"
    if items[at].text in proper:
        return "unknown_topic"
    if items[at].text.endswith("ly") and len(items[at].text) > len("only"):
        return None
    return next((key for key, reading in _READINGS if reading(items, start, end)), None)


def _is_verb(item: Item) -> bool:
    return item.has("link", "with") and item.text != "的" and not item.has("neg")


def _cuts_out(items: list[Item], at: int) -> bool:
    """Whether unknown Chinese words cut out customers: 养猫的客户, 铁杆客户, 用X的光纤客户."""
    end, relative = at + 1, False
    done = 0  # 商场柜台办的客户: a verb between the unknown words and 的
    while done < _LONGEST_VERB and _is_verb(item_at(items, end + done)):
        done += 1
    end += done if item_at(items, end + done).text == "的" else 0
    while item_at(items, end).text == "的":
        end, relative = end + 1, True
    noun = item_at(items, end)
    text = items[at].text
    known = relative and noun.mentions("value", "term") and not done
    if known and (text[0] in _VERBS or text[-1] in _PLACE_ENDS):
        return True
    if known and len(text) >= _SHORTEST_TRAIT and item_at(items, end + 1).has("noun"):
        return item_at(items, at - 1).has("stop", "comma")  # 脾气暴躁的光纤客户
    if noun.has("noun") and not noun.mention and (relative or len(noun.text) > 1):
        return True
    owner = item_at(items, at - 1)
    if not relative or owner.text not in _FROM:
        return False
    return any(item.has("noun") for item in items[end : end + 3])


def _ends_name(items: list[Item], at: int) -> bool:
    """Whether two or three characters, then a verb or a question follow: 客户王小明为什么 …."""
    text, end = "", at
    while len(text) < _LONGEST_NAME and not item_at(items, end).has(*_ACTS, "with", "neg"):
        text, end = text + item_at(items, end).text, end + 1
    named = 1 < len(text) <= _LONGEST_NAME
    return named and (item_at(items, end).has(*_ACTS) or item_at(items, end).text in _WILL)


def _is_name(items: list[Item], at: int) -> bool:
    """Whether unknown Chinese words are somebody's name: 李建国会离开吗, 王女士为什么走."""
    text, after = items[at].text, item_at(items, at + 1)
    titled = after.text in _HONORIFICS and len(text) <= _LONGEST_NAME
    if titled and (text[0] in _SURNAMES or text[-1:] in _SURNAMES):
        return True
    if item_at(items, at - 1).has("noun") and text[0] in _SURNAMES:
        return _ends_name(items, at)
    if isinstance(after, QuantityItem) and len(after.text) == 1:  # 张三
        text, after = text + after.text, item_at(items, at + 2)
    named = text[0] in _SURNAMES and 1 < len(text) <= _LONGEST_NAME
    opens = item_at(items, at - 1).has("stop", "comma")
    acts = after.has(*_ACTS) or after.text in _WILL
    return named and opens and acts and not any(item.has("noun") for item in items)


def _chinese(items: list[Item], at: int) -> str | None:
    if _is_name(items, at) or _is_factor(items, *_run(items, at)):
        return "unknown_topic"
    return "unknown_group" if _cuts_out(items, at) else None


def problem_of(items: list[Item], at: int, proper: frozenset[str]) -> str | None:
    """Return the key of the problem that an unknown word is.

    Args:
        items: the items of the question.
        at: the place of the unknown word.
        proper: words that the question writes like names, in lower case.

    Returns:
        The key, or None if the word may be passed over.
    """
    if is_chinese(items[at].text):
        return _chinese(items, at)
    return _english(items, at, proper)


def is_gibberish(items: list[Item], share: float = 0.0) -> bool:
    """Whether most of the words are unknown and nothing is asked.

    Args:
        items: the items of the question.
        share: of all letters, those of small words too, that must be unknown.
    """
    asked = ("why", "many", "todo", "howto", "compare", "versus", "left", "stayed", "noun", "which")
    spoken = [item for item in items if not item.has("stop", "comma")]
    unknown = [item for item in spoken if item.has("unknown")]
    if not unknown or any(item.has(*asked) for item in spoken):
        return False
    known = [item for item in spoken if not item.has("unknown", "neutral", "link")]
    letters = sum(len(each.text) for each in unknown)
    plain = 2 * letters > sum(len(each.text) for each in known)
    return plain and letters >= share * sum(len(each.text) for each in spoken)
