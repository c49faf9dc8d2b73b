"""Tokens to items: the fewest phrases that cover the question, typing errors repaired."""

from __future__ import annotations

from dataclasses import dataclass

from churnlens.evidence.parsing.lexicon import Entry, Lexicon, Mention, deletions
from churnlens.evidence.parsing.text import Token, tokens

UNKNOWN = Entry(frozenset({"unknown"}))
_NUMBER = Entry(frozenset({"number"}))
# Costs of covering: an unknown word is dearer than any split into known phrases.
_COST_REFUSED, _COST_SCHEMA, _COST_GENERAL, _COST_SINGLE = 0.9, 1.0, 1.05, 0.01
_COST_WORD, _COST_CHARACTER = 6.0, 3.0

_ENGLISH = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13,
    "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18,
    "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
    "seventy": 70, "eighty": 80, "ninety": 90, "dozen": 12, "couple": 2,
}  # fmt: skip
_SCALES = {"hundred": 100, "thousand": 1000, "k": 1000, "grand": 1000, "千": 1000, "万": 10_000}
_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_CHINESE_SCALES = {"十": 10, "百": 100, "千": 1000, "万": 10_000}


@dataclass(slots=True)
class Item:
    """A phrase of the question with its roles.

    Attributes:
        roles: what it can do in the grammar; `unknown` for words that nobody knows.
        text: the words, for messages.
        mention: what it refers to in the schema, if anything.
        number: its value, if it is a number.
    """

    roles: frozenset[str]
    text: str
    mention: Mention | None = None
    number: float | None = None

    def has(self, *roles: str) -> bool:
        """Whether the item has one of the roles."""
        return not self.roles.isdisjoint(roles)


def _chinese_number(words: list[str]) -> float:
    total = part = digit = 0
    for word in words:
        if word in _DIGITS:
            digit = digit * 10 + _DIGITS[word]
        elif word == "万":
            total, part, digit = (total + part + digit) * 10_000, 0, 0
        else:
            part, digit = part + (digit or 1) * _CHINESE_SCALES[word], 0
    return float(total + part + digit)


def _english_number(sentence: list[Token], start: int) -> tuple[float, int]:
    total = part = 0.0
    end = start
    while end < len(sentence):
        word = sentence[end].text
        following = sentence[end + 1].text if end + 1 < len(sentence) else ""
        if word in _ENGLISH and (part == 0 or (part % 10 == 0 and _ENGLISH[word] < part)):
            part += _ENGLISH[word]
        elif word == "hundred" and part:
            part *= 100
        elif word == "thousand" and part:
            total, part = total + part * 1000, 0.0
        elif not (word == "and" and part >= 100 and following in _ENGLISH):
            break
        end += 1
    return total + part, end


def read_number(sentence: list[Token], start: int) -> tuple[float, int] | None:
    """Read a number in digits, English words or Chinese numerals.

    Args:
        sentence: the tokens.
        start: where the number begins.

    Returns:
        Its value and the index after it; None when no number begins there.
    """
    token = sentence[start]
    if token.kind == "number":
        value, end = float(token.text), start + 1
        while end < len(sentence) and sentence[end].text in _SCALES:
            value, end = value * _SCALES[sentence[end].text], end + 1
        return value, end
    if token.text in _ENGLISH:
        return _english_number(sentence, start)
    end = start
    while end < len(sentence) and sentence[end].text in _DIGITS | _CHINESE_SCALES:
        end += 1
    if end == start or token.text in "百千万":
        return None
    return _chinese_number([each.text for each in sentence[start:end]]), end


def _edits(first: str, second: str) -> bool:
    """Whether two different words are one insertion, deletion, change or swap apart."""
    if abs(len(first) - len(second)) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), None)
    if start is None:
        return True
    a, b = first[start:], second[start:]
    swapped = a[:2] == b[1::-1] and len(a) > 1 and len(b) > 1 and a[2:] == b[2:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or swapped


def _repair(token: Token, lexicon: Lexicon) -> list[Token]:
    """Return the token, or what it was meant to be if nobody knows it."""
    word = token.lemma
    if token.kind != "word" or word in lexicon.words:
        return [token]
    if word in lexicon.joined:
        return [Token(each, each, "word") for each in lexicon.joined[word]]
    if word.startswith("non") and word[3:] in lexicon.words and len(word) > 6:
        return [Token("non", "non", "word"), Token(word[3:], word[3:], "word")]
    if not word.isascii() or len(word) < 4:
        return [token]
    near = {w for short in deletions(word) for w in lexicon.near.get(short, ()) if _edits(word, w)}
    best = min(near, key=lambda w: (w[0] != word[0], abs(len(w) - len(word)), w), default=None)
    return [Token(best, best, "word")] if best else [token]


def _price(entry: Entry, length: int) -> float:
    """Return the cost of a phrase; a single token is a little dearer than its share of a longer one."""
    single = _COST_SINGLE if length == 1 else 0.0
    if any(role.startswith("unknown.") for role in entry.roles):
        return _COST_REFUSED + single
    return (_COST_SCHEMA if entry.mention else _COST_GENERAL) + single


def _candidates(
    sentence: list[Token], start: int, lexicon: Lexicon
) -> list[tuple[int, float, Item]]:
    """Return what may begin at a token: the index after it, its cost and the item."""
    token = sentence[start]
    cost = _COST_CHARACTER if token.kind == "cjk" else _COST_WORD
    found = [(start + 1, cost, Item(UNKNOWN.roles, token.text))]
    number = read_number(sentence, start)
    if number:
        text = " ".join(each.text for each in sentence[start : number[1]])
        found.append((number[1], _COST_GENERAL, Item(_NUMBER.roles, text, number=number[0])))
    words: tuple[str, ...] = ()
    for end in range(start + 1, min(len(sentence), start + lexicon.longest) + 1):
        words = (*words, sentence[end - 1].lemma)
        entry = lexicon.phrases.get(words)
        if entry:
            glue = "" if token.kind == "cjk" else " "
            text = glue.join(each.text for each in sentence[start:end])
            price = _price(entry, len(words))
            found.append((end, price, Item(entry.roles, text, entry.mention)))
    return found


def scan(question: str, lexicon: Lexicon) -> list[Item]:
    """Cover a question with phrases.

    Args:
        question: the text as typed.
        lexicon: the words of the schema.

    Returns:
        Items in order; neighbouring unknown Chinese characters are one item.
    """
    sentence = [new for token in tokens(question) for new in _repair(token, lexicon)]
    best: list[tuple[float, int, Item | None]] = [(0.0, 0, None)] * (len(sentence) + 1)
    for start in range(len(sentence) - 1, -1, -1):
        choices = _candidates(sentence, start, lexicon)
        costs = [(cost + best[end][0], -end, item) for end, cost, item in choices]
        cost, end, item = min(costs, key=lambda each: each[:2])
        best[start] = (cost, -end, item)
    items: list[Item] = []
    position = 0
    while position < len(sentence):
        _, end, item = best[position]
        if item is not None:
            chinese = sentence[position].kind == "cjk"
            joins = items and items[-1].has("unknown") and item.has("unknown") and chinese
            if joins and "\u3400" <= items[-1].text[-1] <= "\u9fff":
                items[-1] = Item(item.roles, items[-1].text + item.text)
            else:
                items.append(item)
        position = end
    return items
