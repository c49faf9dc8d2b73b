"""Whether the words that are said to carry a score really carry it: take them out and look.

A faithful attribution names words whose removal moves the score more than that of other words.
Measured as the comprehensiveness of DeYoung et al. (ERASER, ACL 2020): the fall of the probability
of the predicted side when the top k words are deleted; over several k it is the deletion curve of
Samek et al. (IEEE TNNLS 2017), whose mean over k is its area. The top words are those with the
highest weight towards the predicted side. Each text is its own control: as many words of the same
text at random, the mean of several draws. Texts of a dialogue depend on each other, so intervals
are over whole dialogues.

Of weights by leaving one out the top word moves the score most by their very definition; from two
words on the test can fail. Not covered: whether a person finds the words convincing. A text without
words is also unlike what a scorer was made for (Hooker et al., NeurIPS 2019), which touches top and
random words alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churnlens.evaluation.intervals import Estimate, bootstrap_groups
from churnlens.options import FaithfulnessOptions
from churnlens.schema import Frozen

Scorer = Callable[[Sequence[str]], np.ndarray]
"""n texts → probabilities of shape (n,)."""
Span = tuple[int, int]
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Explained:
    """One text with the weights of its words.

    Attributes:
        text: as the scorer reads it.
        spans: of its words, start and end in characters, rising and apart.
        weights: of the words towards "yes", shape (n_words,).
        group: what it belongs to, such as its dialogue.
    """

    text: str
    spans: tuple[Span, ...]
    weights: np.ndarray
    group: str


class Fall(Frozen):
    """What happens when k words go.

    Attributes:
        words: k.
        texts: how many have more than k words.
        top, random: mean fall of the probability of the predicted side.
        difference: top minus random, paired by text, with its interval over groups.
        top_characters, random_characters: mean length of what was deleted.
    """

    words: int
    texts: int
    top: float
    random: float
    difference: Estimate
    top_characters: float
    random_characters: float


class Faithfulness(Frozen):
    """A deletion curve against random words.

    Attributes:
        texts: how many have more words than the least count.
        falls: one a count; a count that no text reaches has none.
        area: mean of top minus random over the counts that a text reaches, with its interval.
    """

    texts: int
    falls: tuple[Fall, ...]
    area: Estimate

    @property
    def is_faithful(self) -> bool:
        """Whether the interval of the area lies above zero."""
        return self.area.low > 0


def without(text: str, spans: Sequence[Span]) -> str:
    """Return a text without some spans, and without the second of two blanks that then meet.

    Args:
        text: any text.
        spans: start and end in characters, in any order, apart.
    """
    kept, at = "", 0
    for start, end in [*sorted(spans), (len(text), len(text))]:
        piece = text[at:start]
        meets = at > 0 and (not kept or kept[-1].isspace()) and piece[:1] == " "
        kept, at = kept + (piece[1:] if meets else piece), end
    return kept


def score_all(scorer: Scorer, texts: Sequence[str], batch_size: int) -> Numbers:
    """Return the scorer's probability of each text, asking once for each different one.

    Raises:
        ValueError: when the scorer does not give one probability for each text.
    """
    known = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    asked = list(known)
    parts = [
        _checked(scorer(asked[at : at + batch_size]), len(asked[at : at + batch_size]))
        for at in range(0, len(asked), batch_size)
    ]
    scores = np.concatenate(parts) if parts else np.zeros(0)
    return scores[[known[text] for text in texts]]


def faithfulness(
    cases: Sequence[Explained], scorer: Scorer, options: FaithfulnessOptions
) -> Faithfulness:
    """Delete the top words of each text and, beside them, random ones.

    Args:
        cases: texts with the weights of their words.
        scorer: the one that the weights explain.
        options: see there.

    Raises:
        ValueError: when no text has more words than the least count, or the scorer's answer has
            another shape.
    """
    judged = [case for case in cases if len(case.spans) > min(options.counts)]
    if not judged:
        raise ValueError(
            f"none of {len(cases)} texts has more than {min(options.counts)} words; "
            "expected texts with words to remove"
        )
    rng = np.random.default_rng(options.seed)
    full = score_all(scorer, [case.text for case in judged], options.batch_size)
    side = np.where(full >= options.middle, 1.0, -1.0)
    falls, gaps = [], np.full((len(judged), len(options.counts)), np.nan)
    for column, k in enumerate(options.counts):
        rows = [row for row, case in enumerate(judged) if len(case.spans) > k]
        chosen = [_choices(judged[row], side[row], k, options.draws, rng) for row in rows]
        if not rows:
            continue
        moved = _falls([judged[row] for row in rows], chosen, scorer, options)
        moved = side[rows, None] * (full[rows, None] - moved)
        gaps[rows, column] = moved[:, 0] - moved[:, 1:].mean(axis=1)
        falls.append(_fall(k, [judged[row] for row in rows], chosen, moved, options))
    groups = np.array([case.group for case in judged])
    area = _interval(np.nanmean(gaps, axis=1), groups, options)
    return Faithfulness(texts=len(judged), falls=tuple(falls), area=area)


def _checked(answer: np.ndarray, n: int) -> Numbers:
    scores = np.asarray(answer, float)
    if scores.shape != (n,) or not np.isfinite(scores).all():
        got = f"shape {scores.shape}" if scores.shape != (n,) else "values that are no number"
        raise ValueError(f"scorer: got {got}, expected {n} probabilities of shape ({n},)")
    return scores


def _choices(
    case: Explained, side: float, k: int, draws: int, rng: np.random.Generator
) -> list[list[Span]]:
    """Return the spans of the top k words, and of each random draw of k."""
    order = np.argsort(-side * np.asarray(case.weights), kind="stable")[:k]
    places = [order, *(rng.permutation(len(case.spans))[:k] for _ in range(draws))]
    return [[case.spans[place] for place in chosen] for chosen in places]


def _falls(
    cases: Sequence[Explained],
    chosen: Sequence[Sequence[Sequence[Span]]],
    scorer: Scorer,
    options: FaithfulnessOptions,
) -> Numbers:
    """Return the scores without each choice, shape (n_cases, 1 + draws)."""
    pairs = zip(cases, chosen, strict=True)
    texts = [without(case.text, spans) for case, choices in pairs for spans in choices]
    return score_all(scorer, texts, options.batch_size).reshape(len(cases), -1)


def _fall(
    k: int,
    cases: Sequence[Explained],
    chosen: Sequence[Sequence[Sequence[Span]]],
    moved: Numbers,
    options: FaithfulnessOptions,
) -> Fall:
    lengths = np.array(
        [[sum(end - start for start, end in spans) for spans in choices] for choices in chosen]
    )
    groups = np.array([case.group for case in cases])
    return Fall(
        words=k,
        texts=len(cases),
        top=float(moved[:, 0].mean()),
        random=float(moved[:, 1:].mean()),
        difference=_interval(moved[:, 0] - moved[:, 1:].mean(axis=1), groups, options),
        top_characters=float(lengths[:, 0].mean()),
        random_characters=float(lengths[:, 1:].mean()),
    )


def _interval(values: Numbers, groups: np.ndarray, options: FaithfulnessOptions) -> Estimate:
    return bootstrap_groups(np.mean, groups, values, resamples=options.resamples, seed=options.seed)
