"""Options of dialogue data: how dialogues are divided, and how their labels are looked through."""

from __future__ import annotations

from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from churnlens.options.base import Options

Side = Literal["train", "validation", "calibration", "test"]
SIDES: tuple[Side, ...] = get_args(Side)
Share = Annotated[float, Field(ge=0, lt=1)]


class LabelReviewOptions(Options):
    """How labels that are likely wrong are found.

    Attributes:
        folds: of the cross-fitting; a dialogue is judged by a model that saw none of its group.
        gap: least steps between a label and the one expected; one step is a matter of taste.
        listed: likely errors that are listed, the surest first; all are counted.
        quote_chars: characters of the redacted turn that are shown with each.
        seed: of the folds.
    """

    folds: int = Field(default=5, ge=2)
    gap: int = Field(default=2, ge=1)
    listed: int = Field(default=100, ge=0)
    quote_chars: int = Field(default=80, ge=0)
    seed: int = 7


class DialogueOptions(Options):
    """How raw dialogues become clean ones with a side each.

    Attributes:
        shares: of the groups on each side; they add up to 1, and a side of 0 stays empty.
        seed: of the division.
        near: least similarity of near-identical dialogues, which stay together.
        family: label whose values stay whole, such as `scenario`; a dialogue that has it is held
            together by it and not by its customer. Empty: by customer alone.
        max_dialogues: that are taken of a long file, evenly from its whole length; None for all.
        review: of the ratings.
    """

    shares: dict[Side, Share] = {"train": 0.6, "validation": 0.1, "calibration": 0.1, "test": 0.2}
    seed: int = 7
    near: float = Field(default=0.8, ge=0.5, le=1)
    family: str = ""
    max_dialogues: int | None = Field(default=None, ge=4)
    review: LabelReviewOptions = LabelReviewOptions()

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if min(self.shares.get("train", 0), self.shares.get("test", 0)) <= 0:
            raise ValueError("shares: expected train and test above 0")
        if abs(sum(self.shares.values()) - 1) > 1e-9:
            given = ", ".join(f"{side} {share:g}" for side, share in self.shares.items())
            raise ValueError(f"shares: got {given}, expected shares that add up to 1")
        return self
