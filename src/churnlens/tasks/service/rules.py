"""What is decided by patterns: signs in a customer's turn, and what no answer may claim.

The patterns are data (`conf/base/service/rules.yml`). They see words, not meaning: irony and
languages other than Chinese and English are not covered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import AfterValidator, model_validator

from churnlens.privacy.folding import fold
from churnlens.schema import Frozen
from churnlens.tasks.service.handbook import PassageId, Slot
from churnlens.tasks.service.scripts import Status
from churnlens.tasks.service.slow_patterns import slow_pattern

_LONGEST = 4000  # characters of a text that are read
_CHATTER = 80  # characters of small talk at most


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"no regular expression: {error.msg}") from None
    return pattern


Pattern = Annotated[str, AfterValidator(_compiles)]


class Sign(Frozen):
    """Patterns in a customer's turn, the passage that answers them, and what is done."""

    passage: PassageId
    status: Status
    patterns: tuple[Pattern, ...]


class Rules(Frozen):
    """All patterns.

    Attributes:
        signs: of a customer's turn, the strongest first.
        claims: what an answer may not say, since it sees no records and acts on none.
        secrets: how an answer would ask for what must not be sent.
        small_talk: turns that carry no question.
        lacking: how a customer says that what a case needs is not there.
        same: how a customer refers back to what was spoken of, by its name.
        it: how one only points at what was spoken of last.
        another: how one says that it is not the one that was spoken of.
        slots: how what a case needs looks in the customer's words.
    """

    signs: tuple[Sign, ...]
    claims: tuple[Pattern, ...]
    secrets: tuple[Pattern, ...]
    small_talk: dict[Literal["greeting", "thanks"], tuple[Pattern, ...]]
    lacking: tuple[Pattern, ...] = ()
    same: tuple[Pattern, ...] = ()
    it: tuple[Pattern, ...] = ()
    another: tuple[Pattern, ...] = ()
    slots: dict[Slot, Pattern]

    @model_validator(mode="after")
    def _are_quick(self) -> Self:
        if slow := slow_pattern(tuple(self._all())):
            raise ValueError(
                f"a pattern that takes minutes on some texts: {slow[:200]!r}; do not repeat what "
                "repeats, or what may begin in many places, as in (a+)+ or .*a.*b.*c"
            )
        return self

    def _all(self) -> Iterator[tuple[str, int]]:
        """Yield every pattern with the length of the longest text that it reads."""
        yield from ((each, _CHATTER) for kind in self.small_talk.values() for each in kind)
        others = [*self.claims, *self.secrets, *self.lacking, *self.slots.values()]
        others += [*self.same, *self.it, *self.another]
        others += [pattern for sign in self.signs for pattern in sign.patterns]
        yield from ((each, _LONGEST) for each in others)

    @cached_property
    def _signs(self) -> list[tuple[Sign, re.Pattern[str]]]:
        return [(sign, _any(sign.patterns)) for sign in self.signs]

    @cached_property
    def _claims(self) -> re.Pattern[str]:
        return _any(self.claims)

    @cached_property
    def _secrets(self) -> re.Pattern[str]:
        return _any(self.secrets)

    def sign(self, text: str) -> Sign | None:
        """Return the strongest sign in a customer's turn, None where there is none."""
        plain = _plain(text)
        return next((sign for sign, pattern in self._signs if pattern.search(plain)), None)

    def claims_record(self, text: str) -> bool:
        """Whether an answer speaks as if it saw records or had acted on them."""
        return bool(self._claims.search(_plain(text)))

    def asks_secret(self, text: str) -> bool:
        """Whether an answer asks for a password, a code or a card number."""
        return bool(self._secrets.search(_plain(text)))

    def chat(self, text: str) -> Literal["greeting", "thanks"] | None:
        """Return which small talk a turn is and nothing else; None when a line of it says more."""
        plain = _plain(text).strip()
        lines = [line for line in plain.split("\n") if line.strip()]
        if len(plain) > _CHATTER or not lines:
            return None
        kinds = [self._small_talk(line) for line in lines]
        return None if None in kinds else kinds[-1]

    def _small_talk(self, line: str) -> Literal["greeting", "thanks"] | None:
        return next((kind for kind, ps in self.small_talk.items() if _any(ps).search(line)), None)

    def lacks(self, text: str) -> bool:
        """Whether a customer, asked for something, does not have it."""
        return _holds(self.lacking, text)

    def refers(self, text: str) -> bool:
        """Whether a customer names what was spoken of once more: "the same order"."""
        return _holds(self.same, text)

    def points(self, text: str) -> bool:
        """Whether a customer speaks of a thing without naming any: "it is broken"."""
        return _holds(self.it, text)

    def differs(self, text: str) -> bool:
        """Whether a customer speaks of another thing than before: "my other order"."""
        return _holds(self.another, text)

    def slot(self, name: Slot, text: str) -> str | None:
        """Return the first thing in a text that looks like a slot's value, a number in capitals."""
        found = re.search(self.slots[name], fold(text[:_LONGEST]).text, re.IGNORECASE)
        if not found:
            return None
        return found[0].upper() if name.endswith("_number") else found[0]


def load_rules(path: Path) -> Rules:
    """Read the file of patterns; pydantic's ValidationError names the one at fault."""
    return Rules.model_validate(yaml.safe_load(path.read_text("utf-8")))


def _plain(text: str) -> str:
    return fold(text[:_LONGEST]).text.lower()


def _holds(patterns: tuple[str, ...], text: str) -> bool:
    return bool(patterns and _any(patterns).search(_plain(text)))


def _any(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.MULTILINE | re.DOTALL)
