"""Options of training a head that scores texts."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from churnlens.options.training import TrainingOptions

HeadKind = Literal["classification", "ordinal", "regression"]


class HeadOptions(TrainingOptions):
    """How a head, and the model below it, is tuned on rows of text and label.

    The defaults of rank, alpha and targets are the public recipe for satisfaction. All other fields
    are those of `TrainingOptions`; `max_length` cuts a longer text at its front.

    Attributes:
        kind: of the labels: without an order, ordered, or a number.
        classes: labels 0 to classes - 1; without meaning for regression.
        targets: which layers are adapted: queries and values, or all linear ones.
        head_rate: how many times faster the head learns, which starts from random weights.
        embeddings: whether `full` trains the word embeddings too; in a small multilingual encoder
            they are four fifths of all weights.
        balance: of the classes: by weights of their rows, by drawing each as often, or not at all.
        label_smoothing: share of each label that is spread over all classes.
        masking: share of the tokens that are masked in each epoch anew; 0 for none.
        synonyms: share of the tokens that are replaced by a neighbour in the model's own embedding.
    """

    kind: HeadKind = "classification"
    classes: int = Field(default=5, ge=2, le=100)
    targets: Literal["query_value", "all"] = "query_value"
    rank: int = Field(default=64, ge=1, le=1024)
    alpha: int = Field(default=128, ge=1)
    dropout: float = Field(default=0.1, ge=0, lt=1)
    learning_rate: float = Field(default=5e-4, gt=0, le=1e-2, validate_default=True)
    head_rate: float = Field(default=2, ge=0.1, le=100)
    embeddings: bool = False
    batch_size: int = Field(default=32, ge=1)
    evaluations: int = Field(default=2, ge=1)
    max_length: int = Field(default=96, ge=8)
    balance: Literal["none", "weights", "sampling"] = "none"
    label_smoothing: float = Field(default=0, ge=0, lt=1)
    masking: float = Field(default=0, ge=0, le=0.5)
    synonyms: float = Field(default=0, ge=0, le=0.5)

    @property
    def outputs(self) -> int:
        """Numbers that the head gives for a text: an ordinal one gives a step less."""
        return {"classification": self.classes, "ordinal": self.classes - 1, "regression": 1}[
            self.kind
        ]

    @model_validator(mode="after")
    def _fits_kind(self) -> Self:
        if self.kind == "regression" and (self.balance != "none" or self.label_smoothing):
            raise ValueError("balance and label_smoothing are for classes; kind is regression")
        return self
