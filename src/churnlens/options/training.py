"""Options of training a language model, and of experiments with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from churnlens.options.base import Options, nearest

Dtype = Literal["float32", "bfloat16", "float16"]
Precision = Literal[Dtype, "nf4"]
_FULL_RATE = 1e-4


class TrainingOptions(Options):
    """How a language model is tuned on rows of messages.

    Attributes:
        method: `lora` in the base precision, `qlora` on NF4 weights (GPU only), or `full`.
        rank, alpha, dropout: of the adapter, on all linear layers; `full` has none. Dropout costs a
            fifth of the speed and two thirds more activations on a CPU; early stopping is on.
        dtype: of frozen weights and of the arithmetic. float32 is exact and 1.5 times slower on a
            CPU, float16 is for a GPU without bfloat16. What is trained is always kept in float32.
        learning_rate: highest of the cosine schedule; `full` takes at most 1e-4.
        warmup: share of the steps over which the rate rises.
        epochs: passes over the training rows, at most; see `patience`.
        batch_size, accumulation: rows per forward pass, and passes per step.
        evaluations: validations per epoch; a checkpoint follows each.
        patience: validations without a lower loss after which training stops.
        gradient_checkpointing: compute activations again instead of keeping them.
        max_length: tokens per row, at most the base's context; a row that does not fit whole stops
            the run.
        seed: of the adapter's first weights, the order of the rows, and dropout.
    """

    method: Literal["lora", "qlora", "full"] = "lora"
    rank: int = Field(default=16, ge=1, le=1024)
    alpha: int = Field(default=32, ge=1)
    dropout: float = Field(default=0, ge=0, lt=1)
    dtype: Literal["float32", "bfloat16", "float16"] = "bfloat16"
    learning_rate: float = Field(default=2e-4, gt=0, le=1e-2, validate_default=True)
    warmup: float = Field(default=0.1, ge=0, lt=1)
    epochs: float = Field(default=3, gt=0, le=100)
    batch_size: int = Field(default=4, ge=1)
    accumulation: int = Field(default=1, ge=1)
    evaluations: int = Field(default=2, ge=1)
    patience: int = Field(default=3, ge=1)
    gradient_checkpointing: bool = False
    max_length: int = Field(default=2560, ge=64)
    seed: int = Field(default=7, ge=0)

    @property
    def precision(self) -> Precision:
        """Of the weights that an adapter is trained on; of all weights for `full`."""
        return "nf4" if self.method == "qlora" else self.dtype

    @field_validator("learning_rate")
    @classmethod
    def _fits_method(cls, rate: float, known: ValidationInfo) -> float:
        if known.data.get("method") == "full" and rate > _FULL_RATE:
            raise ValueError(
                f"got {rate:g}, which is for adapters, expected at most {_FULL_RATE:g} with method "
                "full; next: 2e-5 is usual"
            )
        return rate


class StudentOptions(TrainingOptions):
    """How a student of a teacher is tuned, whatever it learns.

    Attributes:
        student: name of the base model in the model lock; it learns rows in its own languages.
        max_rows: training rows, taken evenly from all families; None takes all.
        max_validation_rows: the same of the validation rows.
    """

    student: str = "SmolLM2-135M-Instruct"
    max_rows: int | None = Field(default=None, ge=1)
    max_validation_rows: int | None = Field(default=None, ge=1)


class Range(Options):
    """Where a number may lie, both ends included; searched on a log scale."""

    low: float = Field(gt=0)
    high: float = Field(gt=0)

    @field_validator("high")
    @classmethod
    def _is_above_low(cls, high: float, known: ValidationInfo) -> float:
        low = known.data.get("low", 0)
        if high <= low:
            raise ValueError(f"got {high:g}, expected more than low, {low:g}; next: swap them")
        return high


class ExperimentOptions(Options):
    """Which settings of a training are tried; all others are the student's.

    Attributes:
        grid: settings of each declared run, such as `{method: lora, epochs: 3}`.
        trials: further runs that Optuna proposes from `space`, one after the other.
        space: setting → its values, or the ends of a range.
        max_rows, max_validation_rows: as for the student; None takes all.
        tracking_uri: of an MLflow store that gets the runs too, such as `sqlite:///mlflow.db`.
    """

    grid: tuple[dict[str, Any], ...] = ()
    space: dict[str, Range | Annotated[tuple[Any, ...], Field(min_length=1)]] = {}
    trials: int = Field(default=0, ge=0, le=100)
    max_rows: int | None = Field(default=None, ge=1)
    max_validation_rows: int | None = Field(default=None, ge=2)
    tracking_uri: str | None = None

    @field_validator("grid")
    @classmethod
    def _grid_is_known(cls, grid: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
        _refuse_unknown([name for run in grid for name in run])
        return grid

    @field_validator("space")
    @classmethod
    def _space_is_known(cls, space: dict[str, Any]) -> dict[str, Any]:
        _refuse_unknown(list(space))
        return space

    @field_validator("trials")
    @classmethod
    def _has_space(cls, trials: int, known: ValidationInfo) -> int:
        if trials and known.data.get("space") == {}:
            raise ValueError("trials without a space; next: name settings and values in space")
        return trials


def _refuse_unknown(names: Sequence[str]) -> None:
    known = list(TrainingOptions.model_fields)
    if unknown := [name for name in dict.fromkeys(names) if name not in known]:
        steps = "; ".join(f"{name}: {nearest(name, known)}" for name in unknown)
        raise ValueError(f"got names that are no setting of a training; next: {steps}")
