"""The words of questions that belong to no trade, read from `vocabulary.yml` and `absent.yml`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import yaml

from churnlens.evidence.parsing.text import tokens

Phrase = tuple[str, ...]
MARKS = {
    ",": {"comma"}, "、": {"comma"}, ".": {"stop"}, "。": {"stop"}, ";": {"stop"}, ":": {"stop"},
    "?": {"stop"}, "!": {"stop"}, "…": {"stop"}, "\n": {"stop"}, "$": {"currency"},
    "€": {"currency"}, "£": {"currency"}, "¥": {"currency"}, "%": {"unit.percent", "many"},
    "+": {"post.ge", "and"}, "~": {"range"}, "-": {"range", "comma"}, "/": {"or", "per"},
    "<": {"cmp.lt"}, ">": {"cmp.gt"}, "<=": {"cmp.le"}, ">=": {"cmp.ge"}, "=": {"cmp.eq"},
    "!=": {"cmp.ne"},
}  # fmt: skip

# What nobody expects elsewhere: "email" opens an order, but "who email a lot" is a group.
_ONLY_THERE = frozenset({"operate", "meaning"})


def phrase(text: str) -> Phrase:
    """Return the phrase as the lemmas of its tokens: "Tech-support" is ("tech", "support")."""
    return tuple(token.lemma for token in tokens(text))


def inflections(verb: str) -> Iterator[str]:
    """Yield the regular forms of an English verb: churn, churned, churning, churnned."""
    yield verb
    if verb.endswith("e"):
        yield from (f"{verb}d", f"{verb[:-1]}ing")
    elif verb.endswith("y"):
        yield from (f"{verb[:-1]}ied", f"{verb}ing", f"{verb}ed")
    else:
        yield from (f"{verb}ed", f"{verb}ing", f"{verb}{verb[-1]}ed", f"{verb}{verb[-1]}ing")


def variants(text: str) -> Iterator[str]:
    """Yield a vocabulary entry with its starred verb in every form."""
    head, star, tail = text.partition("*")
    if not star:
        yield text
        return
    before, _, verb = head.rpartition(" ")
    yield from (f"{before} {form} {tail}" for form in inflections(verb))


def _sources() -> Iterator[dict[str, str]]:
    """Yield role → phrases of every language of every file."""
    for name in ("vocabulary.yml", "absent.yml"):
        source = files(__package__).joinpath(name).read_text(encoding="utf-8")
        yield from yaml.safe_load(source).values()


@cache
def vocabulary() -> dict[Phrase, frozenset[str]]:
    """Return phrase → roles of the general vocabulary, both languages together."""
    found: dict[Phrase, set[str]] = {(mark,): set(roles) for mark, roles in MARKS.items()}
    for roles in _sources():
        for role, entries in roles.items():
            for entry in entries.split(","):
                for text in variants(entry.strip()):
                    found.setdefault(phrase(text), set()).add(str(role))
    found.pop((), None)
    return {
        words: frozenset(kinds | {"unknown"} if kinds <= _ONLY_THERE else kinds)
        for words, kinds in found.items()
    }
