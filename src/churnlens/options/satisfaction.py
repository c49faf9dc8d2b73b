"""Options of scoring satisfaction."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from churnlens.options.base import Options
from churnlens.options.heads import HeadOptions

ScoreKind = Literal["estimate", "predict"]


class TurnOptions(Options):
    """What a model reads of a dialogue when it rates a customer turn.

    Attributes:
        kind: `estimate` reads the turn itself, `predict` what was said before it.
        context: turns before it that are read too; of `predict` all that is read.
        labels: `rating` is the rounded mean of the raters on the dialogue's own scale; `level` is 0
            for a mean below the middle of the scale, 1 for one at it, 2 for one above.
    """

    kind: ScoreKind = "estimate"
    context: int = Field(default=0, ge=0, le=50)
    labels: Literal["rating", "level"] = "rating"

    @model_validator(mode="after")
    def _reads_something(self) -> Self:
        if self.kind == "predict" and not self.context:
            raise ValueError("kind predict with context 0 reads nothing; expected context >= 1")
        return self


class FloorOptions(Options):
    """TF-IDF and a linear model: the floor of every other scorer, and what works without one.

    Attributes:
        kind: one linear model over the classes, or one for each step between them.
        characters, words: longest n-gram of each; 0 for none. Chinese has no words here.
        min_rows: rows that an n-gram must be in.
        strength: inverse of the penalty (C of scikit-learn).
        balance: whether classes weigh the same; calibration gives them back their share.
    """

    kind: Literal["classification", "ordinal"] = "classification"
    characters: int = Field(default=3, ge=0, le=6)
    words: int = Field(default=0, ge=0, le=3)
    min_rows: int = Field(default=2, ge=1)
    strength: float = Field(default=1, gt=0)
    balance: bool = True

    @model_validator(mode="after")
    def _reads_something(self) -> Self:
        if not self.characters and not self.words:
            raise ValueError("characters and words are both 0; expected one above")
        return self


class CalibrationOptions(Options):
    """How probabilities are made honest on turns that taught nothing.

    Attributes:
        method: `bias` fits a temperature and an offset for each class, `temperature` the first
            alone.
        coverage: share of turns whose prediction set is to hold the truth.
        sets: how the labels of a set are scored, see `evaluation.prediction_sets`.
    """

    method: Literal["bias", "temperature"] = "bias"
    coverage: float = Field(default=0.9, gt=0, lt=1)
    sets: Literal["lac", "aps"] = "lac"


class ScorerOptions(Options):
    """How a scorer of turns is made.

    Attributes:
        turns: what is read, and what is told.
        floor: of TF-IDF.
        head: of the tuned model, None for the floor alone; its number of classes comes from the
            data.
        raters: whether the tuned model learns what share of the raters gave each label, or the
            rounded mean alone.
        calibration: of what both say together.
        folds: parts in which the floor is fitted without its own rows, for calibration.
        seed: of these parts.
    """

    turns: TurnOptions = TurnOptions()
    floor: FloorOptions = FloorOptions()
    head: HeadOptions | None = None
    raters: bool = True
    calibration: CalibrationOptions = CalibrationOptions()
    folds: int = Field(default=5, ge=2, le=20)
    seed: int = Field(default=7, ge=0)
