r"""What a model may write, as a JSON schema and as the grammar that decoding obeys.

The builders make schemas whose every answer is one line of JSON with its keys in the given
order, and whose strings cannot hold control characters, quotes, brackets or markup, so that what
is written is what `json.loads` reads.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from itertools import combinations
from math import comb
from typing import Any

Schema = dict[str, Any]
_NEVER = r'\p{C}\p{Zl}\p{Zp}"\\{}\[\]<>'
_WORD = "[A-Za-zÀ-ÖØ-öø-ÿ'’/&-]{1,24}"
_HAN = r"[\p{Han}A-Za-z，、；：“”‘’（）《》·—-]"
_MAX_SUBSETS = 1500  # compiled in about 0.1 s


class GrammarError(ValueError):
    """A schema that cannot be turned into a grammar."""


def text(max_chars: int, *, min_chars: int = 1, digits: bool = True) -> Schema:
    """One line of free text.

    Args:
        max_chars: most characters.
        min_chars: fewest characters.
        digits: whether digits of any script may occur; False where numbers come from a table.
    """
    never = _NEVER if digits else _NEVER + r"\p{N}"
    return {"type": "string", "pattern": f"^[^{never}]{{{min_chars},{max_chars}}}$"}


def sentence(max_words: int, *, min_words: int = 3, chinese: bool = False) -> Schema:
    """One sentence without digits that ends with a full stop, never in the middle of a word.

    An English one has words of Latin letters with single spaces or one of , ; : between them; a
    Chinese one has characters, Latin letters and Chinese marks, and ends with 。.

    Args:
        max_words: most words, or characters of a Chinese sentence.
        min_words: fewest of them.
        chinese: whether the sentence is Chinese.
    """
    if chinese:
        return {"type": "string", "pattern": f"^{_HAN}{{{min_words},{max_words}}}。$"}
    more = f"([,;:]? {_WORD}){{{min_words - 1},{max_words - 1}}}"
    return {"type": "string", "pattern": f"^{_WORD}{more}[.]$"}


def about(names: Sequence[str], other: str = "", *, chinese: bool = False) -> str:
    """Return a pattern of words without digits around one of `names`, word by word.

    It ends ready for what follows: an English one with a space. The names may hold digits.

    Args:
        names: forms of one name, such as with and without a capital letter.
        other: another name that may stand before or behind it; empty for none.
        chinese: whether the words are Chinese signs.
    """
    name, aside = f"({'|'.join(re.escape(each) for each in names)})", re.escape(other)
    if chinese:
        before = f"({aside}{_HAN}{{0,15}})?" if other else ""
        behind = f"({aside}{_HAN}{{0,20}})?" if other else ""
        return f"{_HAN}{{0,30}}{before}{name}{_HAN}{{0,40}}{behind}"
    words = f"({_WORD}[,;:]? ){{0,12}}"
    more = f"([,;:]? {_WORD}){{0,20}}"
    before = f"({aside}[,;:]? {words})?" if other else ""
    behind = f"([,;:]? {aside}([,;:]? {_WORD}){{0,8}})?" if other else ""
    return f"{words}{before}{name}{more}{behind} "


def one_of(values: Sequence[str]) -> Schema:
    """Exactly one of the given strings.

    Raises:
        GrammarError: when there is none to choose from.
    """
    if not values:
        raise GrammarError("one_of: expected at least one value, got none")
    return {"enum": list(dict.fromkeys(values))}


def subset(values: Sequence[str], *, min_items: int = 1, max_items: int) -> Schema:
    """A list of different values, in the order in which they are given here.

    JSON schema says this with `uniqueItems`, which no grammar engine can follow; so the ordered
    subsets are listed one by one.

    Raises:
        GrammarError: for no possible subset, or more of them than compile in good time.
    """
    unique = list(dict.fromkeys(values))
    sizes = range(min_items, min(max_items, len(unique)) + 1)
    count = sum(comb(len(unique), size) for size in sizes)
    if not 1 <= count <= _MAX_SUBSETS:
        raise GrammarError(
            f"subset: expected 1 to {_MAX_SUBSETS} ways to choose {min_items} to {max_items} of "
            f"{len(unique)} values, got {count}; offer fewer values or a smaller max_items"
        )
    consts = [{"const": value} for value in unique]
    return {"anyOf": [exactly(chosen) for size in sizes for chosen in combinations(consts, size)]}


def exactly(items: Sequence[Schema]) -> Schema:
    """A list of one value for each of `items`, in their order."""
    schema: Schema = {"type": "array", "minItems": len(items), "maxItems": len(items)}
    return {**schema, "prefixItems": list(items), "items": False} if items else schema


def record(fields: Mapping[str, Schema]) -> Schema:
    """An object with exactly these keys, in this order."""
    return {
        "type": "object",
        "properties": dict(fields),
        "required": list(fields),
        "additionalProperties": False,
    }


def compile_grammar(schema: Schema) -> str:
    """Turn a JSON schema into a grammar for `generation.Request`; some milliseconds.

    Args:
        schema: by the builders here, or any JSON schema that llguidance knows.

    Raises:
        GrammarError: naming the part that the engine cannot follow; nothing is ever ignored.
    """
    from llguidance import LLMatcher

    grammar = LLMatcher.grammar_from_json_schema(
        json.dumps(schema),
        overrides={"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "},
    )
    if fault := LLMatcher.validate_grammar(grammar):
        raise GrammarError(f"the schema has no grammar: {fault[:300]}")
    return grammar
