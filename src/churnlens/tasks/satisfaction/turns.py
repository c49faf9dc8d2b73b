"""Customer turns as a scorer reads them, with what raters said of them.

A row holds nothing that was said after its turn, so that a dialogue that is still going on and one
that is over give the same rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from churnlens.dialogues.form import Dialogue, Scale, Speaker, Turn
from churnlens.dialogues.labels import Level, mean_rating, rounded, three_class
from churnlens.options import TurnOptions
from churnlens.schema import Frozen, Language

LEVELS: tuple[Level, ...] = ("dissatisfied", "neutral", "satisfied")
NAMES: dict[Language, dict[Speaker, str]] = {
    "en": {"customer": "Customer: ", "agent": "Agent: ", "bot": "Bot: "},
    "zh": {"customer": "客户：", "agent": "客服：", "bot": "机器人："},  # noqa: RUF001
}


class TurnRow(Frozen):
    """A customer turn that is to be rated.

    Attributes:
        id: of the row: the dialogue's id with the place of the turn.
        dialogue: its id.
        index: place of the turn among all turns, from 0.
        position: its number among the customer's turns with words, from 0.
        newest: what was said last: the turn itself, or what came before it (`predict`).
        text: the same with the turns before it, oldest first, each with its speaker.
        scale: of the ratings.
        ratings: one number a rater; empty where nobody rated it.
    """

    id: str
    dialogue: str
    index: int
    position: int
    newest: str
    text: str
    scale: Scale = Scale()
    ratings: tuple[float, ...] = ()

    @property
    def mean(self) -> float | None:
        """Mean of the raters, None without any."""
        return mean_rating(self.ratings) if self.ratings else None

    @property
    def rating(self) -> int | None:
        """The mean, rounded to a whole rating; None without raters."""
        return rounded(mean_rating(self.ratings)) if self.ratings else None

    @property
    def level(self) -> Level | None:
        """Side of the scale's middle on which the mean lies; None without raters."""
        return three_class(mean_rating(self.ratings), self.scale) if self.ratings else None


def turn_rows(dialogue: Dialogue, options: TurnOptions) -> list[TurnRow]:
    """Return a row for each customer turn that has words, rated or not, in their order."""
    places = enumerate(dialogue.spoken())
    return [_turn_row(dialogue, index, position, options) for position, index in places]


def newest_row(dialogue: Dialogue, options: TurnOptions) -> TurnRow:
    """Return the row of the last customer turn so far, for a dialogue that is still going on."""
    places = dialogue.spoken()
    return _turn_row(dialogue, places[-1], len(places) - 1, options)


def whole_rating(dialogue: Dialogue, options: TurnOptions) -> float | None:
    """Return how people rated the whole, on the scale of the labels; None where nobody did."""
    if not dialogue.overall:
        return None
    mean = mean_rating(dialogue.overall)
    if options.labels == "level":
        return float(LEVELS.index(three_class(mean, dialogue.scale)))
    return mean


def rated(rows: Iterable[TurnRow]) -> list[TurnRow]:
    """Return the rows that somebody rated."""
    return [row for row in rows if row.ratings]


def labels_of(options: TurnOptions, scale: Scale) -> tuple[int, ...]:
    """Return the labels that a scorer tells apart: the ratings of the scale, or 0, 1 and 2."""
    if options.labels == "level":
        return (0, 1, 2)
    return tuple(range(scale.low, scale.high + 1))


def truth_of(rows: Sequence[TurnRow], options: TurnOptions) -> np.ndarray:
    """Return the label of each rated row, integers of shape (n,).

    Raises:
        ValueError: for a row without a rating.
    """
    if unrated := sum(not row.ratings for row in rows):
        raise ValueError(f"{unrated} of {len(rows)} rows have no rating; expected rated rows")
    if options.labels == "level":
        return np.array([LEVELS.index(row.level) for row in rows if row.level], int)
    return np.array([row.rating for row in rows], int)


def shares_of(rows: Sequence[TurnRow], options: TurnOptions) -> np.ndarray:
    """Return what share of its raters gave a row each label, shape (n, k).

    A rating between two labels counts for both in proportion. A level is that of the mean and has
    one share.
    """
    if options.labels == "level":
        return np.eye(3)[truth_of(rows, options)]
    low, k = rows[0].scale.low, rows[0].scale.high - rows[0].scale.low + 1
    shares = np.zeros((len(rows), k))
    for at, row in enumerate(rows):
        for rating in row.ratings:
            whole, part = divmod(rating - low, 1)
            shares[at, int(whole)] += (1 - part) / len(row.ratings)
            shares[at, min(int(whole) + 1, k - 1)] += part / len(row.ratings)
    return shares


def _turn_row(dialogue: Dialogue, index: int, position: int, options: TurnOptions) -> TurnRow:
    before = dialogue.turns[max(0, index - options.context) : index]
    turn = dialogue.turns[index]
    read = (*before, turn) if options.kind == "estimate" else before
    newest = turn.text if options.kind == "estimate" else (before[-1].text if before else "")
    alone = options.kind == "estimate" and not options.context
    return TurnRow(
        id=f"{dialogue.id}#{index}",
        dialogue=dialogue.id,
        index=index,
        position=position,
        newest=newest,
        text=turn.text if alone else _spoken(read, dialogue.language),
        scale=dialogue.scale,
        ratings=turn.ratings,
    )


def _spoken(turns: Sequence[Turn], language: Language) -> str:
    """Return the turns in which somebody said something, one a line, with their speakers."""
    names = NAMES[language]
    return "\n".join(f"{names.get(turn.speaker, '')}{turn.text}" for turn in turns if turn.text)
