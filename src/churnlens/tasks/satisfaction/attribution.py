"""Which words and turns carried a score, for any scorer: take each out and score again.

The weight of a word is the score with it minus the score without it (leave one out; occlusion of
Zeiler and Fergus, ECCV 2014): above zero it spoke for "dissatisfied", below zero against. It is the
scorer's own answer, of whatever kind the scorer is. Not covered: words of which each alone would do
(taking out one changes nothing), and what words do only together. How faithful the weights are is
measured by `evaluation.faithfulness`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from churnlens.evaluation.faithfulness import Explained, Scorer, Span, score_all, without
from churnlens.options import AttributionOptions
from churnlens.schema import Frozen
from churnlens.tasks.satisfaction.passages import Passage


class WordWeight(Frozen):
    """A word and what it did to the score.

    Attributes:
        word: as it stands in the text.
        turn: place of its turn in the dialogue.
        start, end: its characters in the text of the turn.
        weight: score with it minus score without it, -1 to 1.
    """

    word: str
    turn: int
    start: int
    end: int
    weight: float


class TurnWeight(Frozen):
    """A turn and what it did to the score: score with it minus score without it."""

    turn: int
    weight: float


class Attribution(Frozen):
    """What carried one score.

    Attributes:
        p: the score of the whole passage.
        turns: those that were tried, in their order.
        words: those that were tried, in their order.
    """

    p: float
    turns: tuple[TurnWeight, ...]
    words: tuple[WordWeight, ...]

    def top(self, n: int, against: bool = False) -> tuple[WordWeight, ...]:
        """Return the n words that spoke most for "dissatisfied", or most against; never others."""
        side = -1 if against else 1
        spoke = (word for word in self.words if side * word.weight > 0)
        return tuple(sorted(spoke, key=lambda word: -side * word.weight)[:n])


def attribute(
    passages: Sequence[Passage], scorer: Scorer, options: AttributionOptions
) -> list[Attribution]:
    """Trace the scores of some passages back to their turns and words.

    Costs one text for the passage, one a turn and one a word.

    Args:
        passages: what the scorer reads, by `passages.join_turns`.
        scorer: texts → P(dissatisfied), shape (n,); the same text always gives the same.
        options: see there.

    Raises:
        ValueError: when the scorer does not give one probability for each text.
    """
    wholes = score_all(scorer, [passage.text for passage in passages], options.batch_size)
    parts = [passage.parts[-options.max_turns :] for passage in passages]
    lines = [[part.whole for part in tried] for tried in parts]
    heavy = _dropped(passages, lines, wholes, scorer, options)
    turns = [
        tuple(TurnWeight(turn=part.turn, weight=float(w)) for part, w in zip(*row, strict=True))
        for row in zip(parts, heavy, strict=True)
    ]
    words = [_tried(*row, options.max_words) for row in zip(passages, turns, strict=True)]
    weights = _dropped(passages, words, wholes, scorer, options)
    return [
        Attribution(p=float(p), turns=tried, words=tuple(_weighed(passage, spans, fell)))
        for passage, p, tried, spans, fell in zip(
            passages, wholes, turns, words, weights, strict=True
        )
    ]


def explained(passage: Passage, attribution: Attribution, group: str) -> Explained:
    """Return an attribution in the form in which `evaluation.faithfulness` judges it."""
    starts = {part.turn: part.start for part in passage.parts}
    spans = [
        (starts[word.turn] + word.start, starts[word.turn] + word.end) for word in attribution.words
    ]
    weights = np.array([word.weight for word in attribution.words])
    return Explained(passage.text, tuple(spans), weights, group)


def _dropped(
    passages: Sequence[Passage],
    spans: Sequence[Sequence[Span]],
    wholes: np.ndarray,
    scorer: Scorer,
    options: AttributionOptions,
) -> list[np.ndarray]:
    """Return for each passage the score minus the score without each span."""
    pairs = zip(passages, spans, strict=True)
    texts = [without(passage.text, [span]) for passage, inside in pairs for span in inside]
    scores = score_all(scorer, texts, options.batch_size)
    ends = np.cumsum([len(inside) for inside in spans], dtype=int)
    rows = zip(wholes, ends, spans, strict=True)
    return [whole - scores[end - len(inside) : end] for whole, end, inside in rows]


def _tried(passage: Passage, turns: Sequence[TurnWeight], most: int) -> list[Span]:
    """Return the words that are tried: all, or those of the heaviest turns, in their order."""
    weight = {each.turn: abs(each.weight) for each in turns}
    words = [(start, end, turn) for start, end, turn in passage.words() if turn in weight]
    words.sort(key=lambda word: -weight[word[2]])
    return sorted((start, end) for start, end, _ in words[:most])


def _weighed(passage: Passage, spans: Sequence[Span], weights: np.ndarray) -> Iterator[WordWeight]:
    for (start, end), weight in zip(spans, weights, strict=True):
        part = passage.part_at(start)
        place = {"start": start - part.start, "end": end - part.start}
        word = passage.text[start:end]
        yield WordWeight(word=word, turn=part.turn, weight=float(weight), **place)
