"""Options of task summary: one block per stage."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from churnlens.options.teaching import TeacherOptions
from churnlens.options.training import Precision, TrainingOptions
from churnlens.schema import Frozen

SummaryWriter = Literal["extractive", "model", "student", "lead", "constant"]


class SummaryWriterOptions(Frozen):
    """Who writes summaries, in each language.

    Attributes:
        en, zh: `extractive` puts them together from the dialogue's own clauses, `model` is a
            language model as it is, `student` a tuned one; `lead` and `constant` are floors.
        model, dtype, batch_size, max_new_tokens: of `model` and `student`.
        prompt: name of a prompt in `prompts/summary.yml`; `baseline` by default.
    """

    en: SummaryWriter = "extractive"
    zh: SummaryWriter = "extractive"
    model: str = "SmolLM2-135M-Instruct"
    dtype: Precision = "float32"
    batch_size: int = Field(default=8, ge=1)
    max_new_tokens: int = Field(default=256, ge=64)
    prompt: str = "baseline"


class PromptSearchOptions(Frozen):
    """How prompts are tried on the development side.

    Attributes:
        alpha: a candidate is taken below this p-value after Holm's correction.
        dialogues: of the development side that are used, the first ones.
        examples: of the few-shot candidates, one candidate each; empty for none.
        seed: of the bootstrap.
    """

    alpha: float = Field(default=0.05, gt=0, lt=1)
    dialogues: int = Field(default=60, ge=2)
    examples: tuple[int, ...] = (2,)
    seed: int = 7


class SummaryDistillationOptions(TeacherOptions):
    """Whose summaries become rows; teacher `reference` gives planted truth or people's references.

    Attributes:
        max_new_tokens: per summary.
    """

    max_new_tokens: int = Field(default=256, ge=64)


class SummaryFinetuningOptions(TrainingOptions):
    """How a student of summaries is tuned, and what the extractive writer keeps together.

    Attributes:
        student: name of the base model in the model lock; it learns rows in its own languages.
        max_rows, max_validation_rows: taken evenly from all families; None takes all.
        family: label whose values stay whole when the extractive writer chooses its settings.
    """

    student: str = "SmolLM2-135M-Instruct"
    max_rows: int | None = Field(default=None, ge=1)
    max_validation_rows: int | None = Field(default=None, ge=1)
    family: str = "scenario"


class SummaryScoreOptions(Frozen):
    """How summaries are judged.

    Attributes:
        resamples, seed: of the bootstrap over dialogues.
    """

    resamples: int = Field(default=1000, ge=100)
    seed: int = 7


class SummaryReportingOptions(SummaryScoreOptions):
    """How summaries are judged and shown.

    Attributes:
        language: of the report.
        shown: dialogues that are shown beside their summary, in each language.
    """

    language: Literal["en", "zh"] = "en"
    shown: int = Field(default=3, ge=0, le=50)


PUBLIC_GRID: tuple[dict[str, object], ...] = (
    {"method": "lora", "epochs": 6, "learning_rate": 3e-4},
    {"method": "lora", "epochs": 3, "learning_rate": 3e-4},
    {"method": "lora", "epochs": 3, "learning_rate": 6e-4},
    {"method": "full", "epochs": 3, "learning_rate": 3e-5},
    {"method": "full", "epochs": 6, "learning_rate": 3e-5},
    {"method": "full", "epochs": 3, "learning_rate": 4e-5},
)
"""The six runs of the public recipe, as `ExperimentOptions.grid` takes them."""
