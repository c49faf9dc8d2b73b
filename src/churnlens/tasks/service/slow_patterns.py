"""Which pattern of a company takes too long on some text, found before anything is served.

A match cannot be interrupted, so the patterns are tried in a process of their own, on texts that
are made for them: what stands before a repetition, then what it repeats many times, then a sign
that fits nothing. What takes exponential or cubic time is found; the limit is processor time, so
that a busy machine refuses nothing.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from re import _constants as of  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

LIMIT = 1  # seconds of processor time for all texts of one pattern
_WALL = 300  # seconds for all patterns, where processor time has no limit (Windows)
_LONGEST = 1500  # characters: cubic time takes several seconds, quadratic hundredths of one
_WIDE = 20  # a repetition of no more than so many is cheap
_SIGNS = ("a", "1", " ", "\n", ",", "人")
_TRY = f"""
import json, re, signal, sys
for place, (pattern, texts) in enumerate(json.load(sys.stdin)):
    print(place, flush=True)
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_VIRTUAL, {LIMIT})
    found = re.compile(pattern, re.MULTILINE | re.DOTALL | re.IGNORECASE)
    for text in texts:
        found.search(text)
print("done")
"""


@cache
def slow_pattern(patterns: tuple[tuple[str, int], ...]) -> str | None:
    """Return the first pattern that takes too long on some text, None without one.

    Args:
        patterns: each with the length of the longest text that it ever reads, in characters.
    """
    tried = [(each, texts) for each, longest in patterns if (texts := attacks(each, longest))]
    if not tried:
        return None
    try:
        run = subprocess.run(  # noqa: S603 (this Python, with a text of this module)
            [sys.executable, "-I", "-S", "-c", _TRY],
            check=False,
            input=json.dumps(tried),
            capture_output=True,
            text=True,
            timeout=_WALL,
        )
        told = run.stdout.split()
    except subprocess.TimeoutExpired as error:
        told = (error.stdout or b"0").decode().split()
    return None if told[-1:] == ["done"] else tried[int(told[-1])][0]


def attacks(pattern: str, longest: int) -> list[str]:
    """Return texts that keep a pattern busy where any do; none where nothing repeats often."""
    most = min(longest, _LONGEST)
    found: dict[str, None] = {}
    for before, body in _repeats(parser.parse(pattern), ""):
        for sign in dict.fromkeys((*body, *_SIGNS)):
            found[(before + sign * most)[:most] + "\0"] = None
    return list(found)


def _repeats(tree: Sequence[Any], before: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield (what matches up to it, what it repeats) of every wide repetition in a pattern."""
    for op, value in tree:
        for part in _parts(op, value):
            if op in _REPEATS and value[1] > _WIDE:
                yield before, _examples(part)
            yield from _repeats(part, before)
        before += _example([(op, value)])


_REPEATS = (of.MAX_REPEAT, of.MIN_REPEAT)


def _parts(op: Any, value: Any) -> list[Any]:
    """Return the patterns that a part of a pattern is made of."""
    if op in (*_REPEATS, of.POSSESSIVE_REPEAT):
        return [value[2]]
    if op is of.SUBPATTERN:
        return [value[3]]
    if op is of.BRANCH:
        return list(value[1])
    if op is of.ATOMIC_GROUP:
        return [value]
    return [value[1]] if op in (of.ASSERT, of.ASSERT_NOT) else []


def _examples(tree: Sequence[Any]) -> tuple[str, ...]:
    """Return an example of each alternative of what is repeated."""
    if len(tree) == 1 and tree[0][0] in (of.BRANCH, of.SUBPATTERN):
        return tuple(each for part in _parts(*tree[0]) for each in _examples(part))
    return tuple(filter(None, (_example(tree),)))


def _example(tree: Sequence[Any]) -> str:
    """Return a text that a pattern matches, or nearly."""
    text = ""
    for op, value in tree:
        if op is of.LITERAL:
            text += chr(value)
        elif op is of.IN:
            text += next((sign for sign in _members(value)), "")
        elif op in (of.ANY, of.NOT_LITERAL):
            text += "a" if value != ord("a") else "b"
        elif op in (*_REPEATS, of.POSSESSIVE_REPEAT):
            text += _example(value[2]) * max(value[0], 1)
        elif op not in (of.ASSERT, of.ASSERT_NOT) and (parts := _parts(op, value)):
            text += _example(parts[0])
    return text


def _members(items: Sequence[Any]) -> Iterator[str]:
    """Yield signs of a class: of `_SIGNS` where one is in it, else the first that it names."""
    negated = items[0][0] is of.NEGATE
    yield from (sign for sign in _SIGNS if any(_holds(i, sign) for i in items) != negated)
    if not negated:
        yield from (chr(v if op is of.LITERAL else v[0]) for op, v in items if op in _NAMED)


_NAMED = (of.LITERAL, of.RANGE)


def _holds(item: Any, sign: str) -> bool:
    op, value = item
    if op is of.RANGE:
        return bool(value[0] <= ord(sign) <= value[1])
    kinds = {
        of.CATEGORY_DIGIT: sign.isdigit(),
        of.CATEGORY_SPACE: sign.isspace(),
        of.CATEGORY_WORD: sign.isalnum(),
        of.CATEGORY_NOT_DIGIT: not sign.isdigit(),
        of.CATEGORY_NOT_SPACE: not sign.isspace(),
        of.CATEGORY_NOT_WORD: not sign.isalnum(),
    }
    return kinds[value] if op is of.CATEGORY else op is of.LITERAL and value == ord(sign)
