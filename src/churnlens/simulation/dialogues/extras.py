"""What real dialogues carry along: personal data, placeholders, orders to a reading machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from churnlens.simulation.dialogues.words import Turn
from churnlens.simulation.personal import personal_value
from churnlens.simulation.phrasebook import phrasebook
from churnlens.simulation.sampling import Draw

KINDS = ("phone", "email", "order", "name")
SHARES = {  # of dialogues
    "personal_data": 0.12,
    "second_kind": 0.25,  # of those with personal data
    "placeholder": 0.06,
}
INJECTION_EVERY = 200  # one dialogue of so many holds an order, the first among them


@dataclass(frozen=True)
class Extras:
    """What was put into a dialogue; lists are joined by ``;``, empty means none.

    Attributes:
        personal_kinds: kinds of personal data.
        personal_values: their values as they stand in the text.
        placeholder: a token as exports of chats hold them.
        canary: what the planted order wants to see in an answer.
    """

    personal_kinds: str = ""
    personal_values: str = ""
    placeholder: str = ""
    canary: str = ""


class Planter:
    """Adds extras to the customer's turns of one dialogue."""

    def __init__(self, turns: Sequence[Turn], language: str, draw: Draw) -> None:
        self.turns, self._language, self._draw = list(turns), language, draw
        self._book = phrasebook(language)
        self._places = [
            at
            for at, turn in enumerate(turns)
            if turn.step.speaker == "customer" and turn.step.act not in {"hello", "end"}
        ]

    def _append(self, words: str) -> None:
        at = self._draw.pick(self._places)
        text = self.turns[at].text
        stop = self._book["styles"][0]["end"] if text[-1].isalnum() else ""
        self.turns[at] = replace(self.turns[at], text=f"{text}{stop} {words}")

    def _personal(self, kind: str, name: str) -> str:
        value = personal_value(kind, self._language, name, self._draw)
        self._append(self._draw.pick(self._book["personal"][kind]).replace("{value}", value))
        return value

    def plant(self, name: str, placeholders: Sequence[str], *, injected: bool) -> Extras:
        """Plant by the declared shares.

        Args:
            name: the customer's full name.
            placeholders: tokens to choose from.
            injected: whether an order to a reading machine is planted.
        """
        draw, kinds, token, canary = self._draw, list[str](), "", ""
        if draw.chance(SHARES["personal_data"]):
            first = draw.below(len(KINDS))
            second = (first + 1 + draw.below(len(KINDS) - 1)) % len(KINDS)
            both = draw.chance(SHARES["second_kind"])
            kinds = [KINDS[first], KINDS[second]] if both else [KINDS[first]]
        values = [self._personal(kind, name) for kind in kinds]
        if draw.chance(SHARES["placeholder"]):
            token = draw.pick(placeholders)
            self._append(token)
        if injected:
            canary = f"ZX{draw.digits(8)}"
            self._append(draw.pick(self._book["orders"]).replace("{canary}", canary))
        return Extras(";".join(kinds), ";".join(values), token, canary)
