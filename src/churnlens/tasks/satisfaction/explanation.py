"""What is shown beside a score: the words and turns that carried it, and reasons with quotes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from churnlens.dialogues.form import Dialogue, Turn
from churnlens.evaluation.faithfulness import Scorer
from churnlens.options import AttributionOptions, ReasonOptions
from churnlens.tasks.satisfaction.attribution import Attribution, WordWeight, attribute
from churnlens.tasks.satisfaction.passages import Passage
from churnlens.tasks.satisfaction.reason_words import ReasonBook, ReasonTeller
from churnlens.tasks.satisfaction.reasons import DialogueReasons, placed, tell_reasons

Read = Callable[[Sequence[Turn], int], Passage]
"""Turns of a dialogue and the place of one → what the scorer reads of it."""

_DIGITS = 4


@dataclass(frozen=True)
class Explainer:
    """All that explanations need.

    Attributes:
        scorer: texts → P(dissatisfied).
        read: how the scorer's texts are made, such as `passages.join_turns`.
        teller: tells reasons.
        book: the reasons' names.
        attribution, reasons: see their options.
    """

    scorer: Scorer
    read: Read
    teller: ReasonTeller
    book: ReasonBook
    attribution: AttributionOptions = AttributionOptions()
    reasons: ReasonOptions = ReasonOptions()

    def explain(self, dialogue: Dialogue, turn: int) -> dict[str, Any]:
        """Explain the score of one customer turn, as plain data for JSON.

        Args:
            dialogue: clean, that is redacted; its words are quoted as they are.
            turn: place of the turn in the dialogue.

        Returns:
            `turn` and `p`; `words` that spoke for "dissatisfied" and `words_against`, each with
            `word`, `turn`, `start`, `end` and `weight`, the heaviest first; `turns` with `turn` and
            `weight`; `reason` (an id, the book's `none`, or `unclear`); `reasons` with `reason`,
            `name`, `p` and `quotes` (`turn`, `text`, `weight`).

        Raises:
            ValueError: when the turn is none of the customer's.
        """
        turns = dialogue.turns
        if not 0 <= turn < len(turns) or turns[turn].speaker != "customer":
            raise ValueError(f"turn: got {turn}, expected a customer turn of {len(turns)} turns")
        passage = self.read(turns, turn)
        attribution = attribute([passage], self.scorer, self.attribution)[0]
        return {
            "turn": turn,
            "p": round(attribution.p, _DIGITS),
            **_carried(attribution, self.attribution.top),
            **self._reasons(dialogue, turn),
        }

    def _reasons(self, dialogue: Dialogue, last: int) -> dict[str, Any]:
        """Tell the reasons of the customer's turns up to the one that is explained."""
        places = [at for at in range(last + 1) if dialogue.turns[at].speaker == "customer"]
        said = [dialogue.turns[at].text for at in places]
        found = tell_reasons(said, self.teller, self.book, dialogue.language, self.reasons)
        return {"reason": found.label, "reasons": told(placed(found, places))}


def _carried(attribution: Attribution, top: int) -> dict[str, Any]:
    return {
        "words": [_word(word) for word in attribution.top(top)],
        "words_against": [_word(word) for word in attribution.top(top, against=True)],
        "turns": [
            {"turn": each.turn, "weight": round(each.weight, _DIGITS)} for each in attribution.turns
        ],
    }


def _word(word: WordWeight) -> dict[str, Any]:
    return {**word.model_dump(), "weight": round(word.weight, _DIGITS)}


def told(found: DialogueReasons) -> list[dict[str, Any]]:
    """Return reasons as plain data: `reason`, `name`, `p` and `quotes` each."""
    return [
        {
            "reason": each.reason,
            "name": each.name,
            "p": round(each.p, _DIGITS),
            "quotes": [
                {**quote.model_dump(), "weight": round(quote.weight, _DIGITS)}
                for quote in each.quotes
            ],
        }
        for each in found.reasons
    ]
