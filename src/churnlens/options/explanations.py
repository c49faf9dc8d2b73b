"""Options of explaining a satisfaction score."""

from __future__ import annotations

from pydantic import Field

from churnlens.options.base import Options


class AttributionOptions(Options):
    """How far a score is traced back to words and turns.

    Attributes:
        max_turns: turns of one passage that are tried, the last ones.
        max_words: words of these that are tried, those of the heaviest turns first.
        batch_size: texts in one call of the scorer.
        top: words that are shown for and against, at most.
    """

    max_turns: int = Field(default=40, ge=1)
    max_words: int = Field(default=200, ge=1)
    batch_size: int = Field(default=256, ge=1)
    top: int = Field(default=8, ge=1)


class FaithfulnessOptions(Options):
    """How attributions are put to the test.

    Attributes:
        counts: words that are removed; a text counts only where it has more words than that.
        draws: random choices of as many words, of which the mean is taken.
        middle: a probability from here on counts as the side "yes".
        batch_size: texts in one call of the scorer.
        resamples, seed: of the bootstrap; the seed also of the random words.
    """

    counts: tuple[int, ...] = Field(default=(1, 2, 3, 5), min_length=1)
    draws: int = Field(default=10, ge=1)
    middle: float = Field(default=0.5, gt=0, lt=1)
    batch_size: int = Field(default=256, ge=1)
    resamples: int = Field(default=2000, ge=100)
    seed: int = 7


class ReasonOptions(Options):
    """How the reason of a customer's dissatisfaction is told.

    Attributes:
        threshold: least probability of a reason; below it the answer is `unclear`.
        strength: inverse strength of the penalty of the fitted weights.
        max_terms: most frequent terms (of n-grams) that are kept.
        max_turns: customer turns that are read, the first and the last ones of a long dialogue.
        quotes: turns quoted for one reason, at most.
    """

    threshold: float = Field(default=0.35, ge=0, le=1)
    strength: float = Field(default=10, gt=0)
    max_terms: int = Field(default=20000, ge=10)
    max_turns: int = Field(default=60, ge=1)
    quotes: int = Field(default=2, ge=1)
