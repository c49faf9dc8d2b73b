"""What a table cannot answer: unknown things, other times, single people, orders to the machine.

The principle: a question may hold any word that restricts nobody. What is left after all that is
understood is unknown, and an unknown word is let pass only where it can only be a verb or an
adverb; anywhere else it names a thing or a group that the table does not hold.
"""

from __future__ import annotations

from churnlens.evidence.parsing.atoms import Reading
from churnlens.evidence.parsing.scan import Item
from churnlens.schema import Schema

MAX_PROBLEMS = 5
MAX_CHARACTERS = 60
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


def _is_verb(items: list[Item], at: int) -> bool:
    """Whether an unknown English word can only be a verb or an adverb."""
    text = items[at].text
    if text.endswith("ly") and len(text) > 4:
        return True
    before = items[at - 1] if at else None
    after = items[at + 1] if at + 1 < len(items) else None
    if before is None:
        return after is not None and (after.has("why") or after.text in ("how", "what", "which"))
    subject = before.has("noun") or before.text == "they" or (before.mention is not None)
    ends = after is None or after.has("stop") or after.text in ("us", "so", "our")
    spoken = any(item.has("left", "stayed") for item in items)
    asked = any(item.has("why", "many") for item in items[:at])
    return subject and ends and asked and not spoken


def _is_adverb(items: list[Item], at: int) -> bool:
    """Whether unknown Chinese characters only describe how people left (流失得离谱)."""
    ends = at + 1 == len(items) or items[at + 1].has("stop")
    return ends and at >= 2 and items[at - 1].text == "得" and items[at - 2].has("left", "stayed")


def _unknown(items: list[Item], at: int) -> str | None:
    """Return the problem that an unknown word is, None if it may pass."""
    text = items[at].text
    chinese = "\u3400" <= text[0] <= "\u9fff"
    if _is_adverb(items, at) if chinese else _is_verb(items, at):
        return None
    beside = [items[i] for i in (at - 1, at + 1) if 0 <= i < len(items)]
    if any(item.number is not None for item in beside) and not chinese:
        return "single_customer: identifier"
    key = "unknown_group" if _before_noun(items, at) else "unknown_topic"
    return f"{key}: {_word(text)}"


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
    if not any(item.has("trend") for item in items) or any(item.has("why", "todo") for item in items):
        return False
    words = [item.text for item in items if not item.has("stop")]
    opened = words[0] in _PAST_VERBS or (words[0] == "how" and words[1:2] and words[1] in _PAST_VERBS)
    asked = any(word in ("吗", "是否", "是不是", "有什么", "如何", "怎么", "了吗") for word in words)
    moved = [at for at, item in enumerate(items) if item.has("trend")]
    outcome = [at for at, item in enumerate(items) if item.has("left", "stayed")]
    about = bool(outcome) and moved[-1] > outcome[0]
    return bool(opened or asked) and about


def _anchored(items: list[Item], reading: Reading) -> bool:
    """Whether the question is about customers, their leaving, or what they say, at all."""
    if reading.atoms or any(item.has("left", "stayed", "todo", "tone", "anchor") for item in items):
        return True
    if any(item.mention for item in items):
        return True
    return any(item.has("noun") for item in items) and len(items) > 1


def find_problems(items: list[Item], reading: Reading, schema: Schema, compared: bool) -> tuple[list[str], list[str]]:
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
        notes += [f"topic: {r.partition('.')[2]}" for r in sorted(item.roles) if r.startswith("reason.")]
        if named and item.mention is None:
            problems.append(f"{named[0].partition('.')[2]}: {_word(item.text)}")
        elif item.has("unknown"):
            problem = _unknown(items, at)
            problems += [problem] if problem else []
            notes += [] if problem else [f"ignored: {_word(item.text)}"]
        elif _modifier(items, at):
            problems.append(f"unknown_group: {_word(item.text)}")
        elif _size(items, at, schema):
            problems.append(f"undefined_size: {_word(item.text)}")
    if not compared and _asks_for_trend(items):
        problems.append("unknown_time: trend")
    if not [item for item in items if not item.has("stop", "comma")]:
        problems.append("empty: question")
    elif not problems and not _anchored(items, reading):
        problems.append("off_topic: no customers")
    return list(dict.fromkeys(problems))[:MAX_PROBLEMS], list(dict.fromkeys(notes))
