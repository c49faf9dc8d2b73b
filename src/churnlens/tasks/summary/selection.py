"""One text field by extraction: an opening phrase and the clauses that say it.

Which clauses say it is learned from references: those that are together nearest to them are the
right ones (the greedy oracle of extractive summarisation, Nallapati et al. 2017). The opening
(用户反映, "Customer is complaining about"), how many clauses are taken, and the sentence for a
dialogue in which no clause says it are learned too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final, Literal

import numpy as np

from churnlens.dialogues.form import Dialogue
from churnlens.schema import Frozen, Language
from churnlens.tasks.summary.contract import bounded
from churnlens.tasks.summary.linear import Case, Linear, fit_table, hashed, out_of_fold
from churnlens.tasks.summary.reader import Reader
from churnlens.tasks.summary.units import Unit, joined, oracle, overlap, tokens, units_of

Side = Literal["customer", "agent"]
MOST: Final = 4  # clauses of a field
THRESHOLDS: Final = (0.15, 0.25, 0.35, 0.45, 0.55, 0.65)
CUTS: Final = tuple(
    {"threshold": threshold, "most": most}
    for threshold, most in product(THRESHOLDS, range(1, MOST + 1))
)
OPENINGS: Final = 14  # how many frequent openings compete
SAID: Final = 0.15  # share of a reference's words in the best clauses, below which none says it
_OPEN_ENDS: Final = re.compile(
    r"(?: ?\b(?:a|an|the|that|to|of|his|her|their|its|my|your|he|she|they|it|is|are|was|has|have"
    r"|not|in|with|whether|if|and|which|what|why|how|there|no|him|them))+$",
    re.IGNORECASE,
)
FREQUENT: Final = 0.06  # share of sentences that begin with an opening, at least
SAMPLE: Final = 200  # training dialogues on which settings are chosen


@dataclass(frozen=True)
class Told:
    """A dialogue with the reference sentences of one field.

    Attributes:
        group: what stays on one side of a fold, such as a scenario.
    """

    dialogue: Dialogue
    sentences: tuple[str, ...]
    group: str


class Picked(Frozen):
    """A field's text, and the turns that it was taken from."""

    text: str
    turns: tuple[int, ...] = ()


class Selector(Frozen):
    """How one field is extracted in one language.

    Attributes:
        side: whose turns say it.
        language: of the dialogues.
        linear: P(a clause says it).
        threshold, most: which clauses are taken, and how many at most.
        opening: what the text begins with.
        nothing: the text where no clause reaches the threshold; empty: the best one is taken.
    """

    side: Side
    language: Language
    linear: Linear
    threshold: float
    most: int
    opening: str
    nothing: str

    def pick(self, dialogue: Dialogue) -> Picked:
        """Return the field of a dialogue; empty where its side says nothing at all."""
        return self.pick_all([dialogue], Reader())[0]

    def pick_all(self, dialogues: Sequence[Dialogue], reader: Reader) -> list[Picked]:
        """Return the field of each dialogue, as `pick` does of one."""
        units = [units_of(each, self.side, reader.clauses) for each in dialogues]
        pairs = zip(dialogues, units, strict=True)
        cases = [case for each, own in pairs for case in unit_cases(each, own, reader.tokens)]
        scores = self.linear.chance(reader.table(cases))
        ends = np.cumsum([len(own) for own in units])
        return [
            self.put(own, scores[end - len(own) : end]) if own else Picked(text=self.nothing)
            for own, end in zip(units, ends, strict=True)
        ]

    def put(self, units: Sequence[Unit], scores: np.ndarray) -> Picked:
        """Put the text together from clauses with their probabilities, shape (n_units,)."""
        order = np.argsort(-scores, kind="stable")[: self.most]
        chosen = [units[at] for at in order if scores[at] >= self.threshold]
        if not chosen and self.nothing:
            return Picked(text=self.nothing)
        chosen = chosen or [units[order[0]]]
        body = joined(chosen, self.language)
        colon = ": " if self.language == "en" and self.opening else ""
        turns = tuple(sorted({unit.turn for unit in chosen}))
        return Picked(text=bounded(f"{self.opening}{colon}{body}"), turns=turns)


def unit_cases(
    dialogue: Dialogue, units: Sequence[Unit], said: Callable[[str], Sequence[str]] = tokens
) -> list[Case]:
    """Return what the choice of each clause rests on: its words, its place, and what surrounds it.

    Args:
        dialogue: of the clauses.
        units: of one side.
        said: text → its words.
    """
    around = {unit.turn: _around(dialogue, unit.turn) for unit in units}
    last = {unit.turn: unit.place for unit in units}
    return [
        Case(
            {"unit": unit.text, **around[unit.turn]},
            _figures(unit, last[unit.turn], said(unit.text)),
        )
        for unit in units
    ]


def _around(dialogue: Dialogue, turn: int) -> dict[str, str]:
    """Return the nearest words of the other side before and after a turn."""
    speaker = dialogue.turns[turn].speaker

    def nearest(places: range) -> str:
        told = (dialogue.turns[at] for at in places)
        return next((t.text for t in told if t.speaker != speaker and t.text.strip()), "")[:300]

    end = len(dialogue.turns)
    before = nearest(range(turn - 1, max(-1, turn - 5), -1))
    return {"before": before, "after": nearest(range(turn + 1, min(end, turn + 5)))}


def _figures(unit: Unit, last: int, said: Sequence[str]) -> dict[str, float]:
    return {
        f"side{min(unit.side, 3)}": 1.0,
        f"end{min(unit.sides - 1 - unit.side, 2)}": 1.0,
        f"clause{min(unit.place, 3)}{unit.side == 0}": 1.0,
        "last clause": float(unit.place == last),
        "digits": float(any(each[0].isdigit() for each in said)),
        "length": min(1.0, len(said) / 20),
        "short": float(len(said) < 4),
        "asked": float(unit.asked),
    }


def fit_selector(told: Sequence[Told], side: Side, language: Language) -> Selector:
    """Learn a field from dialogues with references, settings chosen out of fold.

    Raises:
        ValueError: when no dialogue has a reference of the field and a clause of its side.
    """
    kept = [(each, units_of(each.dialogue, side)) for each in told if any(each.sentences)]
    kept = [(each, units) for each, units in kept if units]
    if not kept:
        raise ValueError(f"{side}, {language}: expected dialogues with references, got none")
    marks = [_marks(each, units) for each, units in kept]
    labels = np.array([mark for each in marks for mark in each], bool)
    table = hashed([case for each, units in kept for case in unit_cases(each.dialogue, units)])
    owners = [each.group for each, units in kept for _ in units]
    scores = np.split(out_of_fold(table, labels, owners), np.cumsum([len(m) for m in marks])[:-1])
    silent = [each for (each, _), mark in zip(kept, marks, strict=True) if not any(mark)]
    base = Selector(
        side=side,
        language=language,
        linear=fit_table(table, labels),
        threshold=0.5,
        most=1,
        opening="",
        nothing=_nothing(silent, len(kept)),
    )
    step = -(-len(kept) // SAMPLE)
    shown = [(each, units, s) for (each, units), s in zip(kept, scores, strict=True)][::step]
    sentences = [sentence for each, _ in kept for sentence in each.sentences if sentence]
    openings = [{"opening": each} for each in ("", *openings_of(sentences, language))]
    for changes in (CUTS, openings, CUTS):
        trials = [base.model_copy(update=dict(change)) for change in changes]
        base = max(trials, key=lambda selector: _worth(selector, shown))
    return base


def _marks(told: Told, units: Sequence[Unit]) -> list[bool]:
    """Tell which clauses say the field: the greedy oracle, or none where even it is far off."""
    references = [tokens(sentence) for sentence in told.sentences if sentence]
    chosen = oracle(units, references, MOST)
    said = [token for at in chosen for token in tokens(units[at].text)]
    shared = np.mean([len(set(said) & set(each)) / len(set(each)) for each in references if each])
    said_so = bool(shared >= SAID)
    return [said_so and at in chosen for at in range(len(units))]


def _nothing(silent: Sequence[Told], dialogues: int) -> str:
    """Return the most frequent sentence of dialogues without a right clause, if they are many."""
    if len(silent) < 0.05 * dialogues:
        return ""
    sentences = Counter(sentence for each in silent for sentence in each.sentences if sentence)
    sentence, count = sentences.most_common(1)[0]
    return sentence if count >= 3 else ""


def openings_of(sentences: Sequence[str], language: Language) -> list[str]:
    """Return the most frequent beginnings of sentences: 1 to 4 words, or 2 to 6 characters.

    Before a colon an English one cannot end with an article or a conjunction; such words are cut.
    """
    cut = range(2, 7) if language == "zh" else range(1, 5)
    found: Counter[str] = Counter()
    for sentence in sentences:
        parts = list(sentence) if language == "zh" else sentence.split()
        joint = "" if language == "zh" else " "
        found.update(
            {_OPEN_ENDS.sub("", joint.join(parts[:n])) for n in cut if len(parts) > n} - {""}
        )
    frequent = {text: n for text, n in found.items() if n >= max(3, FREQUENT * len(sentences))}
    digitless = {text: n for text, n in frequent.items() if not any(map(str.isdigit, text))}
    return sorted(digitless, key=lambda text: (-digitless[text] * len(text), text))[:OPENINGS]


def _worth(selector: Selector, shown: Sequence[tuple[Told, list[Unit], np.ndarray]]) -> float:
    """Return the mean overlap of a selector's out-of-fold texts with the references."""
    return float(
        np.mean(
            [
                overlap(
                    tokens(selector.put(units, scores).text),
                    [tokens(sentence) for sentence in told.sentences if sentence],
                )
                for told, units, scores in shown
            ]
        )
    )
