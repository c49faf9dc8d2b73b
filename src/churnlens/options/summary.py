"""Options of task summary: one block per stage."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from churnlens.options.base import Options
from churnlens.options.encoders import EncoderOptions
from churnlens.options.teaching import TeacherOptions
from churnlens.options.training import Precision, StudentOptions

SummaryWriter = Literal["extractive", "model", "student", "lead", "constant"]


class SummaryWriterOptions(Options):
    """Who writes summaries, in each language.

    Attributes:
        writer: of one command: `model` or `student` in every language that it writes, `template`
            for no language model anywhere; `chosen` leaves it to `en` and `zh`.
        en, zh: `extractive` puts them together from the dialogue's own clauses, `model` is a
            language model as it is, `student` a tuned one; `lead` and `constant` are floors.
        model: name in the model lock, of the language model as it is.
        student: the same, of the student's base.
        dtype, batch_size, max_new_tokens: of `model` and `student`.
        prompt: of `model`: a name in `prompts/summary.yml`, or `searched` for the one that the
            prompt search ended with. A student is asked as it was taught, by `baseline`.
    """

    writer: Literal["chosen", "model", "student", "template"] = Field(
        default="chosen", exclude=True
    )  # per command, so in no record
    en: SummaryWriter = "extractive"
    zh: SummaryWriter = "extractive"
    model: str = "SmolLM2-135M-Instruct"
    student: str = "SmolLM2-135M-Instruct"
    dtype: Precision = "float32"
    batch_size: int = Field(default=8, ge=1)
    max_new_tokens: int = Field(default=256, ge=64)
    prompt: str = "baseline"


class PromptSearchOptions(Options):
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
        family: label by which rows are grouped; a dialogue without it is a group of its own.
    """

    max_new_tokens: int = Field(default=256, ge=64)
    family: str = "scenario"


class SummaryFinetuningOptions(StudentOptions):
    """How a student of summaries is tuned, and what the extractive writer keeps together.

    Attributes:
        family: label whose values stay whole when the extractive writer chooses its settings, and
            of which rows are taken evenly.
    """

    family: str = "scenario"


class SummaryScoreOptions(Options):
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
        arm_dialogues: of the test side that every arm summarises, evenly from all families; None
            takes all with a reference in a language of the student.
        embedder: the encoder of the distance between a summary and its reference, as JSON.
    """

    language: Literal["en", "zh"] = "en"
    embedder: EncoderOptions = EncoderOptions(encoder="multilingual-e5-small")
    arm_dialogues: int | None = Field(default=24, ge=2)
    shown: int = Field(default=3, ge=0, le=50)


PUBLIC_GRID: tuple[dict[str, Any], ...] = (
    {"method": "lora", "epochs": 6, "learning_rate": 3e-4},
    {"method": "lora", "epochs": 3, "learning_rate": 3e-4},
    {"method": "lora", "epochs": 3, "learning_rate": 6e-4},
    {"method": "full", "epochs": 3, "learning_rate": 3e-5},
    {"method": "full", "epochs": 6, "learning_rate": 3e-5},
    {"method": "full", "epochs": 3, "learning_rate": 4e-5},
)
"""The six runs of the public recipe, as `ExperimentOptions.grid` takes them."""
