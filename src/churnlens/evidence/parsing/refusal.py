"""What a table cannot answer: unknown things, other times, single people, orders to the machine.

The principle: a question may hold any word that restricts nobody. What is left after all that is
understood is unknown, and an unknown word is let pass only where it can only be a verb or an
adverb; anywhere else it names a thing or a group that the table does not hold.
"""

from __future__ import annotations

from churnlens.evidence.parsing.atoms import Reading
from churnlens.evidence.parsing.quantities import QuantityItem
from churnlens.evidence.parsing.scan import Item
from churnlens.schema import Schema

MAX_PROBLEMS = 5
MAX_CHARACTERS = 60
_END = Item(frozenset({"stop"}), "")
_COURTESIES = frozenset(
    {"please", "kindly", "let us", "can you", "could you", "would you", "will you", "you"}
)
_OBJECTS = frozenset({"the", "a", "an", "how", "what", "which", "into", "our", "who", "any", "all"})
_DEGREES = frozenset({"so", "such", "very", "too", "quite", "really", "rather", "how", "as"})
_PLACES = frozenset({"in", "from", "of", "at", "near", "to", "for"})
_OUTCOMES = frozenset({"churn", "attrition", "loyalty", "retention", "turnover", "departure"})
_MODALS = frozenset("can could would might will should may".split())
_ARTICLES = frozenset({"a", "an", "the", "any", "our", "some", "special", "new", "free"})
_GOT = frozenset(
    {"got", "get", "getting", "receive", "received", "receiving", "given", "offered", "accepted"}
)
_LICENSES = frozenset(
    "什么 是什么 最 如何 怎样 怎么才能 能 可以 该 应该 来 去 请 帮我 想 想要 麻烦 别".split()
)
_ASPECTS = frozenset("了 着 过 出 起 住".split())
_PREFACES = (
    "从",
    "用",
    "说",
    "讲",
    "写",
    "我",
    "作为",
    "坦白",
    "老实",
    "下午",
    "早上",
    "晚上",
    "各位",
)
_PREFACE_ENDS = ("看", "说", "讲", "话", "角度", "来说", "总结", "而言", "出发")
_PAST_VERBS = frozenset("has have had is are was were did".split())
_SIZES = ("with", "noun")


def _word(text: str) -> str:
    return text if len(text) <= MAX_CHARACTERS else text[: MAX_CHARACTERS - 1] + "…"


def _next(items: list[Item], at: int) -> Item | None:
    """Return the next item, 的 aside."""
    at += 1
    while at < len(items) and items[at].text == "的":
        at += 1
    return items[at] if at < len(items) else None


def _before_noun(items: list[Item], at: int) -> bool:
    following = _next(items, at)
    return following is not None and following.has("noun")


def _at(items: list[Item], at: int) -> Item:
    """Return an item, or the end of a sentence beyond the question."""
    return items[at] if 0 <= at < len(items) else _END


def _opens(items: list[Item], at: int) -> bool:
    """Whether a sentence or a clause begins here, courtesies aside."""
    before = _at(items, at - 1)
    while before.text in _COURTESIES:
        at -= 1
        before = _at(items, at - 1)
    return before.has("stop", "comma")


def _commands(items: list[Item], at: int) -> bool:
    """Unpack the …, delve into …, illustrate why …"""
    after = _at(items, at + 1)
    return _opens(items, at) and (after.has("why", "howto") or after.text in _OBJECTS)


def _drives(items: list[Item], at: int) -> bool:
    """What vexes seniors, what has soured customers, what is stoking churn."""
    text, before, after = items[at].text, _at(items, at - 1), _at(items, at + 1)
    asked = before.text in ("what", "what is", "what has", "which is", "that")
    asked = asked or (
        before.text in ("is", "has", "are", "have") and _at(items, at - 2).text == "what"
    )
    inflected = text.endswith(("s", "ed", "ing"))
    return asked and inflected and (bool(after.mention) or after.has("noun", "left", "link"))


def _obeys(items: list[Item], at: int) -> bool:
    """How might we cajole seniors, incentives that would sway them, I am collating …"""
    before, further = _at(items, at - 1), _at(items, at - 2)
    if before.has("howto") or before.text in ("we", "i", "they"):
        return before.has("howto") or items[at].text.endswith("ing") or not further.has("stop")
    if items[at].text.endswith("ing") and before.text == "am":
        return True
    return before.text in _MODALS and not further.has("why", "stop", "comma")


def _has_subject(items: list[Item]) -> bool:
    """Whether customers are spoken of, so that a name is not the only subject."""
    return any(item.has("noun") or item.mention for item in items)


def _degrees(items: list[Item], at: int) -> bool:
    """So abysmal, disproportionately, churn conundrums."""
    text, before = items[at].text, _at(items, at - 1)
    adverb = text.endswith("ly") and len(text) > 4 and before.text not in _PLACES
    if (adverb and _has_subject(items)) or before.text in _DEGREES:
        return not _before_noun(items, at)
    return before.text in _OUTCOMES and text.endswith("s")


def _leaves(items: list[Item], at: int) -> bool:
    """Why do fiber customers skedaddle?"""
    before, after = _at(items, at - 1), _at(items, at + 1)
    subject = before.has("noun") or before.text == "they" or before.mention is not None
    ends = after.has("stop") or after.text in ("us", "so", "our", "on us")
    asked = any(item.has("why", "many") for item in items[:at])
    return subject and ends and asked and not any(item.has("left", "stayed") for item in items)


def _introduces(items: list[Item], at: int) -> bool:
    """As a data scientist, … (up to the comma or the "I")."""
    start = at
    while start > 0 and not items[start - 1].has("stop", "comma"):
        start -= 1
    return items[start].text == "as" and _at(items, start + 1).text in ("a", "an")


def _is_verb(items: list[Item], at: int) -> bool:
    """Whether an unknown English word can only be a verb, an adverb or a courtesy."""
    readings = (_commands, _drives, _obeys, _degrees, _leaves, _introduces)
    return any(reading(items, at) for reading in readings)


def _cuts_out(items: list[Item], at: int) -> bool:
    """Whether unknown Chinese words lead up to 客户: 养猫的客户, 上海客户, 上海的光纤客户."""
    for item in items[at + 1 :]:
        if item.has("noun"):
            return True
        if item.mention is None and not item.has(
            "link", "neutral", "unknown", "with", "and", "modifier"
        ):
            return False
        if item.has("why", "comma", "stop", "left", "stayed"):
            return False
    return False


def _acts(items: list[Item], at: int) -> bool:
    """Whether unknown Chinese words stand as a verb: 是什么X了…, 如何X…, X一下, X着."""
    before, after = _at(items, at - 1), _at(items, at + 1)
    asked = before.text in _LICENSES or (
        before.text == "在" and _at(items, at - 2).has("which", "wish")
    )
    if after.text in ("一下", "一番", "看看"):
        return True
    wondered = any(item.has("wish", "which") for item in items[:at])
    if not (asked or (wondered and after.text in _ASPECTS)):
        return False
    held = items[at + 1 :]
    object_known = next(
        (item for item in held if item.mention or item.has("noun", "unknown")), _END
    )
    return (
        bool(object_known.mention)
        or (asked and not object_known.has("unknown"))
        or object_known is _END
    )


def _describes(items: list[Item], at: int) -> bool:
    """Whether unknown Chinese words describe the leaving: 流失得离谱, 流失惨重, 流失的隐情."""
    before, after = _at(items, at - 1), _at(items, at + 1)
    ends = after.has("stop")
    if before.text in ("得", "的") and _at(items, at - 2).has("left", "stayed"):
        return not _cuts_out(items, at)
    if ends and before.has("left", "stayed"):
        return True
    spoken = any(item.has("left", "stayed", "tone") for item in items)
    who = any(item.has("noun") or item.mention for item in items[:at])
    return ends and who and not spoken and len(items[at].text) <= 2 and before.has("why")


def _prefaces(items: list[Item], at: int) -> bool:
    """Whether unknown Chinese words stand in a courtesy: 说心里话，…, 从财务角度看，…"""
    start = at
    while start > 0 and not items[start - 1].has("stop", "comma"):
        start -= 1
    end = next((i for i in range(at, len(items)) if items[i].has("stop", "comma")), len(items))
    clause = items[start:end]
    if start > 0 or end == len(items) or any(i.mention or i.has("noun", "left") for i in clause):
        return False
    return clause[0].text.startswith(_PREFACES) and (
        not clause[0].text.startswith(("从", "用")) or clause[-1].text.endswith(_PREFACE_ENDS)
    )


def _is_chinese_verb(items: list[Item], at: int) -> bool:
    """Whether unknown Chinese words cannot restrict the group."""
    return any(reading(items, at) for reading in (_acts, _describes, _prefaces))


def _unknown(items: list[Item], at: int) -> str | None:
    """Return the problem that an unknown word is, None if it may pass."""
    text = items[at].text
    chinese = "\u3400" <= text[0] <= "\u9fff"
    if _is_chinese_verb(items, at) if chinese else _is_verb(items, at):
        return None
    beside = [items[i] for i in (at - 1, at + 1) if 0 <= i < len(items)]
    if any(_is_code(item) for item in beside) and not chinese:
        return "single_customer: identifier"
    key = "unknown_group" if _before_noun(items, at) else "unknown_topic"
    return f"{key}: {_word(text)}"


def _is_code(item: Item) -> bool:
    """Whether an item is a naked number, part of an identifier when a strange word is beside it."""
    return isinstance(item, QuantityItem) and not item.quantity.compared and item.text.isdigit()


def _modifier(items: list[Item], at: int) -> bool:
    """Whether a word like "key" or 重要 makes a group of its own ("key customers")."""
    if not items[at].has("modifier") or items[at].mention or not _before_noun(items, at):
        return False
    before = items[at - 1] if at else None
    described = before is not None and (
        before.mention is not None
        or before.has("left", "stayed", "many", "anchor", "compare")
        or (before.has("neutral") and not before.has("link", "why", "and", "with", "or"))
    )
    return not described


def _received(items: list[Item], at: int) -> bool:
    """Whether a group is cut out by a thing that no column holds ("who got a discount")."""
    if not items[at].has("thing") or items[at].mention:
        return False
    if _at(items, at + 1).text == "的" and _before_noun(items, at):
        return True
    before = at - 1
    while before >= 0 and items[before].text in _ARTICLES:
        before -= 1
    got = _at(items, before)
    if not (got.has("with") or got.text in _GOT):
        return False
    while before >= 0 and items[before].has("link", "with") and not items[before].has("noun"):
        before -= 1
    return _at(items, before).has("noun")


def _size(items: list[Item], at: int, schema: Schema) -> bool:
    """Whether "high", "low" are said of a number column without a definition."""
    if not items[at].has("high") or items[at].mention:
        return False
    for step in (1, -1):
        column = items[at + step] if 0 <= at + step < len(items) else None
        if column is None or column.mention is None or column.mention.kind != "column":
            continue
        if schema.column(column.mention.column).kind != "number":
            continue
        owner = items[at - 1] if at and step == 1 else None
        if (owner is not None and owner.has("with")) or _before_noun(items, at + max(step, 0)):
            return True
    return False


def _asks_for_trend(items: list[Item]) -> bool:
    """Whether the question asks how churn moved ("has churn risen", 流失率上升了吗)."""
    if not any(item.has("trend") for item in items) or any(
        item.has("why", "todo") for item in items
    ):
        return False
    words = [item.text for item in items if not item.has("stop")]
    opened = words[0] in _PAST_VERBS or (
        words[0] == "how" and words[1:2] and words[1] in _PAST_VERBS
    )
    asked = any(
        word in ("吗", "是否", "是不是", "有什么", "如何", "怎么", "了吗") for word in words
    )
    moved = [at for at, item in enumerate(items) if item.has("trend")]
    outcome = [at for at, item in enumerate(items) if item.has("left", "stayed")]
    about = bool(outcome) and moved[-1] > outcome[0]
    return bool(opened or asked) and about


def _asks_for_future(items: list[Item]) -> bool:
    """Whether a number or a movement of the future is asked ("how many will leave")."""
    future = any(item.text == "will" for item in items)
    return future and any(item.has("many", "trend") for item in items)


def _anchored(items: list[Item], reading: Reading) -> bool:
    """Whether the question is about customers, their leaving, or what they say, at all."""
    if reading.atoms or any(item.has("left", "stayed", "todo", "tone", "anchor") for item in items):
        return True
    if any(item.mention for item in items):
        return True
    return any(item.has("noun", "rest") for item in items)


def find_problems(
    items: list[Item], reading: Reading, schema: Schema, compared: bool
) -> tuple[list[str], list[str]]:
    """Return why the table cannot answer, and what was passed over.

    Args:
        items: the items of the question, quantities joined.
        reading: its selections, with the problems of its numbers.
        schema: the table.
        compared: whether two groups are compared, so that "increase" is no trend.

    Returns:
        Problems as `key: words` (empty when the table can answer) and notes as `key: words`.
    """
    problems, notes = list(reading.problems), list(reading.notes)
    for at, item in enumerate(items):
        named = sorted(role for role in item.roles if role.startswith("unknown."))
        notes += [
            f"topic: {r.partition('.')[2]}" for r in sorted(item.roles) if r.startswith("reason.")
        ]
        if named and item.mention is None:
            problems.append(f"{named[0].partition('.')[2]}: {_word(item.text)}")
        elif item.has("unknown"):
            problem = _unknown(items, at)
            problems += [problem] if problem else []
            notes += [] if problem else [f"ignored: {_word(item.text)}"]
        elif _modifier(items, at) or _received(items, at):
            problems.append(f"unknown_group: {_word(item.text)}")
        elif _size(items, at, schema):
            problems.append(f"undefined_size: {_word(item.text)}")
    if not compared and _asks_for_trend(items):
        problems.append("unknown_time: trend")
    if _asks_for_future(items):
        problems.append("forecast: will")
    if not [item for item in items if not item.has("stop", "comma")]:
        problems.append("empty: question")
    elif not problems and not _anchored(items, reading):
        problems.append("off_topic: no customers")
    return list(dict.fromkeys(problems))[:MAX_PROBLEMS], list(dict.fromkeys(notes))
