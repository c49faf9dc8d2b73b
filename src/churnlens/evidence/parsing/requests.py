"""What is asked of something other than the customers of the table, or ordered.

"Where do they go", "how many calls", "what does it cost", "how do I sign up", "is our support bad":
such a question may hold known words, yet no count or rate of customers answers it. The ways of
asking are in `requests.yml`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from churnlens.evidence.parsing.items import Item, any_has, item_at, skip
from churnlens.evidence.parsing.quantities import QuantityItem

_HERE = ("left", "stayed", "noun")
_ASKED = ("many", "compare", "todo", "which", "tone", "trend", "exists")
_WANTED = (*_ASKED, "why", "howto")
_HELD = ("unknown", "tone", "thing", "anchor")
_PERIODS = ("unit.month", "unit.day", "unit.week")
_UNITS = frozenset({"minutes", "hours", "seconds", "times", "calls"})
_SPENT = frozenset({"cost", "costs", "pay", "paid", "spend", "spent", "花费", "费用"})
_TIMES = frozenset("次条封通回遍趟台部辆间") | {"分钟", "小时", "钟头", "秒"}  # count no person
_POLITE = frozenset({"please", "kindly", "now", "just"})
_WONDERS = ("?", "吗", "呢", "么")


def _nobody(items: list[Item]) -> bool:
    """Whether no customers are spoken of, so that an outcome word is the asker's own."""
    asks = [item for item in items if item.has("why", "many")]
    return not any_has(items, "noun") and all(item.has("howto") for item in asks)


def _own(items: list[Item]) -> bool:
    """Whether a customer speaks of what is his: "my streaming TV does not work"."""
    mine = [item_at(items, at + 1) for at, item in enumerate(items) if item.text == "my"]
    left = [at for at, item in enumerate(items) if item.has("left", "stayed")]
    gone = any(item_at(items, at - 1).text in ("i", "i will") for at in left)
    owned = any(item.mention or item.has("anchor") for item in mine) and not left
    return (gone or owned) and not any_has(items, "noun", "tone")


def _idle(items: list[Item]) -> bool:
    """Whether neither customers nor their leaving is spoken of."""
    return not any_has(items, *_HERE, *_ASKED, "versus")


def _untold(items: list[Item]) -> bool:
    """Whether nothing is asked: what is left of an order besides its object."""
    easy = [item.text in _POLITE or item.has("neutral") for item in items]
    first = next((at for at, each in enumerate(easy) if not each or items[at].has("remedy")), 0)
    first += items[first].text in _POLITE
    asked = any_has(items[first + 1 :], "left", "stayed", *_WANTED)
    asked = asked or items[first].has("why", "many")
    return not asked and not items[-1].text.endswith(_WONDERS)


def _things(items: list[Item]) -> bool:
    """Whether products, no customers, are judged: "is fiber better than DSL"."""
    told = any(isinstance(item, QuantityItem) for item in items)
    return not (told or any_has(items, *_HERE, "why", "many"))


def _measured(items: list[Item]) -> bool:
    """Whether a column's own amount is asked, not how often people leave."""
    return any(
        item.mentions("column") or item.text in _SPENT or item.text == "stay" for item in items
    )


_CONDITIONS: Mapping[str, Callable[[list[Item]], bool]] = {
    "always": lambda items: True,
    "bare": lambda items: _idle(items) and not any(item.mention for item in items),
    "idle": _idle,
    "judged": lambda items: (
        _idle(items)
        and any_has(items, "anchor", "modifier", "epithet")
        and not any_has(items, "why")
    ),
    "lasting": lambda items: not any(i.has("left", "stayed") and not i.has("noun") for i in items),
    "many": lambda items: any_has(items, "many"),
    "measured": _measured,
    "nobody": _nobody,
    "own": _own,
    "things": _things,
    "unnamed": lambda items: not any(item.mentions("value", "term") for item in items),
    "unpeopled": lambda items: not any_has(items, "noun"),
    "unpriced": lambda items: (
        not any(item.mentions("column") and item.text not in _SPENT for item in items)
    ),
    "untold": _untold,
}


@cache
def _asks() -> dict[str, tuple[tuple[str, str, re.Pattern[str]], ...]]:
    """Return language → problem, condition and pattern of every way of asking."""
    source = files(__package__).joinpath("requests.yml").read_text(encoding="utf-8")
    raw: dict[str, Any] = yaml.safe_load(source)

    def pattern(words: list[str]) -> re.Pattern[str]:
        joined = "|".join(f"(?:{each})" for each in words)
        for name, listed in raw["lists"].items():
            joined = joined.replace(f"{{{name}}}", listed)
        return re.compile(joined)

    return {
        language: tuple(
            (each["problem"], each.get("when", "always"), pattern(each["words"]))
            for each in raw[language]
        )
        for language in ("en", "zh")
    }


def _counted_english(items: list[Item], at: int) -> str:
    after, behind = item_at(items, at + 1), item_at(items, at + 2)
    plural = after.text.endswith("s") or behind.has("exists")
    measured = after.has(*_PERIODS) and behind.text == "of"
    held = after.has(*_HELD) or after.text in _UNITS or measured
    free = not after.mention and not after.has(*_HERE)
    person = behind.has("noun") or behind.mention is not None
    return after.text if held and plural and free and not person else ""


def _counted_chinese(items: list[Item], at: int) -> str:
    place = skip(items, at + 1, "unit.measure")
    if times := [each.text for each in items[at + 1 : place + 1] if each.text in _TIMES]:
        return times[0]
    counted = item_at(items, place)
    held = counted.has(*_HELD) and not counted.mention and not counted.has(*_HERE)
    return counted.text if held and not item_at(items, place + 1).has("noun") else ""


def _counted(items: list[Item], at: int) -> str:
    """Return what "how many", 多少 counts if that is no customer."""
    if items[at].has("many") and items[at].text.endswith(("how many", "number of")):
        return _counted_english(items, at)
    counts = items[at].has("many") or items[at].text == "几"
    told = counts and items[at].text.endswith(("多少", "几", "多少家"))
    return _counted_chinese(items, at) if told else ""


def other_request(items: list[Item]) -> str:
    """Return the problem of a question that asks nothing about customers.

    Args:
        items: the items of the question.

    Returns:
        `key: words`, or nothing when customers are asked about.
    """
    for at in range(len(items)):
        if thing := _counted(items, at):
            return f"unknown_topic: number of {thing}"
    spoken = [item.text for item in items]
    texts = {"en": " ".join(spoken), "zh": "".join(spoken).replace(" ", "")}
    for language, asks in _asks().items():
        for problem, when, pattern in asks:
            if pattern.search(texts[language]) and _CONDITIONS[when](items):
                return problem
    return ""
