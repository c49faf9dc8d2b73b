"""What a table cannot answer: unknown things, other times, single people, orders to the machine.

The principle: a question may hold any word that restricts nobody. What refuses is a word for
something that such tables lack (`absent.yml` and the schema's own `unanswerable`), or an unknown
word where it cuts out a group (`positions`).
"""

from __future__ import annotations

from churnlens.evidence.parsing.atoms import Reading
from churnlens.evidence.parsing.conditions import unrecorded
from churnlens.evidence.parsing.items import Item, any_has, before_noun, item_at
from churnlens.evidence.parsing.listing import asks_for_list, without_list_words
from churnlens.evidence.parsing.positions import describes, is_gibberish, problem_of
from churnlens.evidence.parsing.quantities import QuantityItem
from churnlens.evidence.parsing.requests import other_request
from churnlens.schema import Schema

MAX_PROBLEMS = 5
MAX_CHARACTERS = 60
_PAST_VERBS = frozenset(["has", "have", "had", "is", "are", "was", "were", "did"])
_WONDER = frozenset(["吗", "是否", "是不是", "有什么", "如何", "怎么", "了吗"])
_ARTICLES = frozenset(
    ["a", "an", "the", "any", "our", "their", "his", "her", "some", "special", "new", "free"]
)
_GOT = frozenset(
    ["got", "get", "getting", "receive", "received", "receiving", "given", "offered", "accepted"]
)
_ABOUT = ("left", "stayed", "tone", "rest")
_SPEAKERS = frozenset({"i", "we", "我", "我们", "咱", "咱们"})
_MODALS = frozenset({"should", "could", "can", "might", "must", "would", "may", "shall", "does"})
_SUBJECTS = ("noun", "anchor")  # "how many customers" is a question, "customers" is none
_SILENT = ("noun", "link", "with", "epithet", "stop", "comma")
_EVERY = frozenset({"all", "every", "全部", "所有"})
_GREETS = ("greeting", "anchor", "tone", "neutral", "link", "stop", "comma", "and")
_RELATIVES = frozenset({"who", "where"})  # "delete all who churned" asks nothing
_BEFORE_WHICH = frozenset({"in", "of", "for", "on"})  # "every row in which …"
_REQUESTS = ("why", "many", "compare", "todo", "howto", "which")
_MOVES = ("把", "将", "给", "都给", "帮")
_DEFINES = frozenset({"what is", "what are", "what does", "define", "什么是", "何为", "何谓"})
_UNREADABLE = 0.7  # of the letters that nobody knows
_PLAIN = frozenset({"how", "exactly", "please", "tell me", "请", "说说", "讲讲", "到底"})


def _word(text: str) -> str:
    return text if len(text) <= MAX_CHARACTERS else text[: MAX_CHARACTERS - 1] + "…"


def _is_modifier(items: list[Item], at: int) -> bool:
    """Whether a word like "key" or 重要 makes a group of its own ("key customers")."""
    if items[at].has("epithet") or items[at].mention:
        return False
    if not items[at].has("modifier") or not before_noun(items, at):
        return False
    before = item_at(items, at - 1) if at else None
    if before is None:
        return True
    described = before.mention is not None or before.has(
        "left", "stayed", "many", "anchor", "compare"
    )
    plain = before.has("neutral") and not before.has("link", "why", "and", "with", "or")
    return not (described or plain)


def _is_received(items: list[Item], at: int) -> bool:
    """Whether a group is cut out by a thing that no column holds ("who got a discount")."""
    if not items[at].has("thing") or items[at].mention:
        return False
    if item_at(items, at + 1).text == "的" and before_noun(items, at):
        return True
    before = at - 1
    while item_at(items, before).text in _ARTICLES or item_at(items, before).text == "loyalty":
        before -= 1
    got = item_at(items, before)
    if not (got.has("with") or got.text in _GOT):
        return False
    while item_at(items, before).has("link", "with") and not items[before].has("noun"):
        before -= 1
    return item_at(items, before).has("noun")


def _is_size(items: list[Item], at: int, schema: Schema) -> bool:
    """Whether "high", "low" are said of a number column without a definition."""
    if not items[at].has("high") or items[at].mention:
        return False
    for step in (1, -1):
        mention = item_at(items, at + step).mention
        if mention is None or mention.kind != "column":
            continue
        owned = step == 1 and item_at(items, at - 1).has("with")
        number = schema.column(mention.column).kind == "number"
        if number and (owned or before_noun(items, at + max(step, 0))):
            return True
    return False


def _asks_for_trend(items: list[Item]) -> bool:
    """Whether the question asks how churn moved ("has churn risen", 流失率上升了吗)."""
    moved = [at for at, item in enumerate(items) if item.has("trend")]
    outcome = [at for at, item in enumerate(items) if item.has("left", "stayed")]
    if not (moved and outcome) or moved[-1] <= outcome[0] or any_has(items, "why", "todo"):
        return False
    words = [item.text for item in items if not item.has("stop")]
    opened = words[0] in _PAST_VERBS or (words[0] == "how" and words[1] in _PAST_VERBS)
    return opened or not _WONDER.isdisjoint(words)


def _asks_for_future(items: list[Item]) -> bool:
    """Whether a number or a movement of the future is asked ("how many will leave")."""
    told = any(item.text in ("will", "shall") for item in items)
    later = any(item.text.endswith("will") for item in items) and any(
        isinstance(item, QuantityItem) and item_at(items, at - 1).text == "in"
        for at, item in enumerate(items)
    )
    return later or (told and any_has(items, "many", "trend"))


def _of_item(
    items: list[Item], at: int, schema: Schema, proper: frozenset[str], advice: bool
) -> str:
    """Return the problem that an item is, or nothing; advice may speak of its measures."""
    item = items[at]
    if item.mention is None and (key := item.suffix("unknown")):
        return "" if _is_excused(items, at, advice) else f"{key}: {_word(item.text)}"
    if item.has("unknown"):
        problem = problem_of(items, at, proper)
        if problem == "single_customer":
            return "single_customer: identifier"
        if problem:
            return f"{problem}: {_word(item.text)}"
    if _is_modifier(items, at) or _is_received(items, at) or _is_mood(items, at):
        return f"unknown_group: {_word(item.text)}"
    numbers = frozenset(
        each.name
        for each in schema.attributes()
        if each.kind == "number" and each.name != schema.time
    )
    if problem := unrecorded(items, at, numbers):
        return f"{problem}: {_word(item.text)}"
    return f"undefined_size: {_word(item.text)}" if _is_size(items, at, schema) else ""


def _is_mood(items: list[Item], at: int) -> bool:
    """Whether a feeling makes a group whose leaving is asked: "why do angry seniors leave"."""
    felt = items[at].has("tone") and not items[at].has("epithet", "with", "noun")
    asked = felt and not items[at].mention and any_has(items, "left", "stayed")
    return asked and describes(items, at, at + 1)


def _is_excused(items: list[Item], at: int, advice: bool) -> bool:
    """Whether an absent thing is only a measure to take or a time when the answer is due."""
    measure = advice and items[at].has("measure") and not before_noun(items, at)
    if _opens_request(items, at):
        return True
    acts = advice and not before_noun(items, at) and _is_actor(items, at)
    told = items[at].has("measure", "unknown.unknown_time") and _is_tale(items, at)
    if acts or told:
        return True
    return measure or (items[at].has("deadline") and _is_due(items, at, advice))


def _opens_request(items: list[Item], at: int) -> bool:
    """Whether an absent thing is a verb of the question: "benchmark DSL against", "saving them"."""
    after = item_at(items, at + 1)
    led = at > 0 and item_at(items, at - 1).text in _ARTICLES
    acts = items[at].has("remedy", "compare", "many", "todo") and not led
    return acts and (after.has("noun", "link", "epithet") or after.mention is not None)


def _is_actor(items: list[Item], at: int) -> bool:
    """Whether an absent thing is who should act: "what could our call centre do"."""
    led = item_at(items, at - 1).text in _ARTICLES
    return led and item_at(items, at - 2).text.rpartition(" ")[2] in _MODALS


def _is_tale(items: list[Item], at: int) -> bool:
    """Whether the asker tells of himself before asking: "we have a promo idea; why do they go"."""
    start = next((i for i in range(at, 0, -1) if items[i - 1].has("stop", "comma")), 0)
    end = next((i for i in range(at, len(items)) if items[i].has("stop")), len(items))
    told = item_at(items, start).text in _SPEAKERS and not any_has(items[start:end], "why", "many")
    return told and any_has(items[end:], "why", "many", "todo", "howto")


def _is_due(items: list[Item], at: int, advice: bool) -> bool:
    """Whether a time is when the answer is needed: "need a save plan by Friday"."""
    told = any_has(items[at - 1 : at], "left", "stayed") or any_has(items, "trend")
    return (advice or any_has(items, "ordered")) and at > 0 and not told


def _is_order(items: list[Item]) -> bool:
    """Whether the machine is told to do something: "update the records", 把他们改成无纸化."""
    asks = [
        item
        for at, item in enumerate(items)
        if item.text not in _RELATIVES
        and not (item.text == "which" and item_at(items, at - 1).text in _BEFORE_WHICH)
    ]
    if any_has(asks, *_REQUESTS):
        return False
    first = next((item for item in items if not item.has("neutral", "stop", "comma")), None)
    asked = items[-1].text == "?" or items[-2:][0].text in _WONDER
    odd = first is not None and first.has("unknown") and not any_has(items, "noun", "tone", *_ABOUT)
    if odd and not asked and first is not None and first.text.isascii():
        at = items.index(first) + 1  # "slash fiber prices"
        if item_at(items, at).mention is not None or item_at(items, at).text in _ARTICLES:
            return True
    moved = items[0].text in _MOVES and any_has(items, "changes") and not asked
    return moved or (first is not None and first.has("operate"))


def _asks_definition(items: list[Item]) -> bool:
    """Whether a word of the schema is to be explained: "what is fiber", 什么是光纤."""
    if any_has(items, "noun", *_ABOUT):
        return False
    opened = items[0].text in _DEFINES or any_has(items, "meaning")
    first = items[0].text in _DEFINES
    named = [
        item
        for item in items[first:]
        if not item.has("link", "stop", "comma", "why") and item.text not in _PLAIN
    ]
    told = all(item.mention or item.has("meaning", "compare", "and", "between") for item in named)
    return opened and bool(named) and told


def _is_about_customers(items: list[Item], reading: Reading) -> bool:
    """Whether customers are asked about, not only named or greeted."""
    if any_has(items, "greeting") and all(item.has(*_GREETS) for item in items):
        return False
    if reading.atoms or any(item.mention or item.has(*_ABOUT) for item in items):
        return True
    silent = all(item.has(*_SILENT) and item.text not in _EVERY for item in items)
    return any_has(items, *_SUBJECTS) and not silent


def _of_question(items: list[Item], reading: Reading, compared: bool) -> str:
    """Return the problem that a whole question is, or nothing."""
    if not [item for item in items if not item.has("stop", "comma")]:
        return "empty: question"
    found = {
        "unknown_time: trend": not compared and _asks_for_trend(items),
        "forecast: will": _asks_for_future(items),
        "customer_list: names": asks_for_list(items),
        "instruction: order": _is_order(items),
        "off_topic: definition": _asks_definition(items),
    }
    advice = any_has(items, "todo") and not any_has(items, "unknown")
    if not any(found.values()) and not advice:
        found["unreadable: words"] = is_gibberish(items, _UNREADABLE)
        found["off_topic: words"] = is_gibberish(items)
        found["off_topic: no customers"] = not _is_about_customers(items, reading)
    return next((problem for problem, holds in found.items() if holds), "") or other_request(items)


def find_problems(
    items: list[Item],
    reading: Reading,
    schema: Schema,
    compared: bool,
    proper: frozenset[str] = frozenset(),
    advice: bool = False,
) -> tuple[list[str], list[str]]:
    """Return why the table cannot answer, and what was passed over.

    Args:
        items: the items of the question, quantities joined.
        reading: its selections, with the problems of its numbers.
        schema: the table.
        compared: whether two groups are compared, so that "increase" is no trend.
        proper: words that the question writes like names, in lower case.
        advice: whether measures are asked for, so that "a campaign" is one.

    Returns:
        Problems as `key: words` (empty when the table can answer) and notes as `key: words`.
    """
    problems, notes = list(reading.problems), list(reading.notes)
    for at, item in enumerate(items):
        if reason := item.suffix("reason"):
            notes.append(f"topic: {reason}")
        if problem := _of_item(items, at, schema, proper, advice):
            problems.append(problem)
        elif item.has("unknown"):
            notes.append(f"ignored: {_word(item.text)}")
    whole = _of_question(items, reading, compared)
    if whole and not (problems and whole.startswith(("off_topic", "unreadable"))):
        problems.append(whole)
    if whole.startswith("customer_list"):
        problems = without_list_words(problems)
    if any(problem.startswith("single_customer") for problem in problems):
        problems = [each for each in problems if not each.startswith("unclear_number")]
    return list(dict.fromkeys(problems))[:MAX_PROBLEMS], list(dict.fromkeys(notes))
