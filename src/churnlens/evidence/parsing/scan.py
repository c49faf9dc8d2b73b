"""Tokens to items: the fewest phrases that cover the question, typing errors repaired."""

from __future__ import annotations

from churnlens.evidence.parsing.items import Item
from churnlens.evidence.parsing.lexicon import Entry, Lexicon, deletions
from churnlens.evidence.parsing.numerals import read_number
from churnlens.evidence.parsing.text import Token, tokens

UNKNOWN = Entry(frozenset({"unknown"}))
_NUMBER = Entry(frozenset({"number"}))
# Costs of covering: an unknown word is dearer than any split into known phrases.
_COST_REFUSED, _COST_SCHEMA, _COST_GENERAL, _COST_SINGLE = 0.9, 1.0, 1.05, 0.01
_COST_WORD, _COST_CHARACTER = 6.0, 3.0
_JOINTS = ("or", "and", "nor")


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


def _starts_alike(typed: str, meant: str) -> bool:
    """Whether two words begin alike, their first two letters perhaps swapped: no "welders" here."""
    return typed[0] == meant[0] or typed[:2] == meant[1::-1]


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
    near = {
        known
        for typed in (word, token.text)
        for short in deletions(typed)
        for known in lexicon.near.get(short, ())
        if _edits(typed, known) and _starts_alike(typed, known)
    }
    best = min(near, key=lambda w: (w[0] != word[0], abs(len(w) - len(word)), w), default=None)
    return [Token(best, best, "word")] if best else [token]


def _names_value(lexicon: Lexicon, *words: str) -> bool:
    entry = lexicon.phrases.get(words)
    return entry is not None and entry.mention is not None


def _with_shared_heads(sentence: list[Token], lexicon: Lexicon) -> list[Token]:
    """Say the head of "neither electronic nor mailed check" with each of its adjectives."""
    found: list[Token] = []
    for at, token in enumerate(sentence):
        if token.lemma in _JOINTS and 0 < at < len(sentence) - 2:
            first, second, head = (sentence[place].lemma for place in (at - 1, at + 1, at + 2))
            told = _names_value(lexicon, first) or _names_value(lexicon, second)
            each = all(_names_value(lexicon, word, head) for word in (first, second))
            if each and not told and not _names_value(lexicon, first, token.lemma, second, head):
                found.append(sentence[at + 2])
        found.append(token)
    return found


def _price(entry: Entry, length: int) -> float:
    """Return the cost of a phrase; of two covers as short, the one with fewer loose tokens wins."""
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


def _cover(sentence: list[Token], lexicon: Lexicon) -> list[tuple[int, Item]]:
    """Return the cheapest cover as start and item, found from the end of the sentence."""
    costs = [0.0] * (len(sentence) + 1)
    chosen: list[tuple[int, Item]] = []
    for start in range(len(sentence) - 1, -1, -1):
        choices = _candidates(sentence, start, lexicon)
        end, cost, item = min(choices, key=lambda each: (each[1] + costs[each[0]], -each[0]))
        costs[start] = cost + costs[end]
        chosen.append((end, item))
    chosen.reverse()
    found, at = [], 0
    while at < len(sentence):
        end, item = chosen[at]
        found.append((at, item))
        at = end
    return found


def scan(question: str, lexicon: Lexicon) -> list[Item]:
    """Cover a question with phrases.

    Args:
        question: the text as typed.
        lexicon: the words of the schema.

    Returns:
        Items in order; neighbouring unknown Chinese characters are one item.
    """
    repaired = [new for token in tokens(question) for new in _repair(token, lexicon)]
    sentence = _with_shared_heads(repaired, lexicon)
    items: list[Item] = []
    chinese_before = False
    for at, item in _cover(sentence, lexicon):
        chinese = sentence[at].kind == "cjk" and item.has("unknown")
        if chinese and chinese_before:
            items[-1] = Item(item.roles, items[-1].text + item.text)
        else:
            items.append(item)
        chinese_before = chinese
    return items
