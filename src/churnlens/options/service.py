"""Options of the service assistant."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from churnlens.options.base import Options
from churnlens.options.training import Precision, TrainingOptions

PUBLIC_RECIPE: dict[str, Any] = {
    "method": "lora",
    "rank": 8,
    "alpha": 32,
    "learning_rate": 5e-4,
    "batch_size": 4,
    "accumulation": 1,
    "epochs": 3,
    "max_length": 512,
}
"""The settings that public guides to tuning a service assistant give."""


class Similarity(Options):
    """A cosine in each language; an encoder does not spread both in the same way."""

    en: float = Field(ge=-1, le=1)
    zh: float = Field(ge=-1, le=1)


class SearchOptions(Options):
    """How passages are found; the values are for multilingual-e5-small.

    They were set on the dev questions and on written dialogues whose situation is held out.

    Attributes:
        meaning, sentence, lexical, discriminant: weights of the nearest known text, the nearest
            sentence, the words, and the discriminant, each standardised over the passages.
        shrinkage: of the discriminant's covariance.
        least: below this cosine to everything that is known, a turn is about something else.
        alone: below this one, a turn is read together with the customer's turn before it.
        scope_margin: a passage wins over "that is none of my business" when its cosine is behind by
            no more than this.
        close: a second passage is given too when its score is behind by less than this.
        sure: below this confidence the assistant asks what is meant.
        sharpness: of the confidence, a softmax over the scores.
    """

    meaning: float = Field(default=0.3, ge=0)
    sentence: float = Field(default=0.3, ge=0)
    lexical: float = Field(default=0.2, ge=0)
    discriminant: float = Field(default=0.6, ge=0)
    shrinkage: float = Field(default=0.5, gt=0, le=1)
    least: Similarity = Similarity(en=0.845, zh=0.88)
    alone: Similarity = Similarity(en=0.87, zh=0.90)
    scope_margin: float = Field(default=0, ge=0)
    close: float = Field(default=0.15, ge=0)
    sure: float = Field(default=0.2, ge=0, le=1)
    sharpness: float = Field(default=2.5, gt=0)


class AssistantOptions(Options):
    """How the assistant replies.

    Attributes:
        search: how passages are found.
        turns: customer turns of a conversation that are kept in mind, the last ones.
        characters: of a message that are read.
        shown: passages that a model is shown.
        max_new_tokens: length of what a model writes.
    """

    search: SearchOptions = SearchOptions()
    turns: int = Field(default=8, ge=1)
    characters: int = Field(default=2000, ge=50)
    shown: int = Field(default=3, ge=1, le=10)
    max_new_tokens: int = Field(default=120, ge=16)


class ServiceRowsOptions(Options):
    """How training rows are made.

    Attributes:
        written: whether the written dialogues are learned beside rows of one's own.
        held_out: share of the situations, or families, that are kept from training.
        near: least likeness of two requests that are of one family; see
            `tasks.service.own_rows.families_of`.
        shown: passages in a row, as at serving.
        seed: of the split.
    """

    written: bool = True
    held_out: float = Field(default=0.2, gt=0, lt=1)
    near: float = Field(default=0.5, ge=0.5, le=1)
    shown: int = Field(default=3, ge=1, le=10)
    seed: int = 7


class ServiceFinetuningOptions(TrainingOptions):
    """How the assistant's student is tuned.

    Attributes:
        student: name of the base model in the model lock; it learns rows in its own languages.
        recipe: `own` takes the settings of this block, `public` those of `PUBLIC_RECIPE`.
        max_rows, max_validation_rows: taken evenly from all families; None takes all.
        general: rows of other kinds for each hundred of the assistant's own, against forgetting.
        rehearse: whether these have the answers of the untuned base, or those that are written.
        rehearsal_tokens: length of such an answer.
    """

    student: str = "SmolLM2-135M-Instruct"
    general: float = Field(default=25, ge=0, le=100)
    rehearse: bool = True
    rehearsal_tokens: int = Field(default=64, ge=8)
    recipe: Literal["own", "public"] = "own"
    max_rows: int | None = Field(default=None, ge=1)
    max_validation_rows: int | None = Field(default=None, ge=1)

    def settings(self) -> TrainingOptions:
        """Return the settings of the chosen recipe."""
        chosen = PUBLIC_RECIPE if self.recipe == "public" else {}
        given = {name: getattr(self, name) for name in TrainingOptions.model_fields}
        return TrainingOptions(**{**given, **chosen})


class ServiceInferenceOptions(Options):
    """How the assistant replies, and which replies are judged.

    Attributes:
        assistant: how it replies.
        writer: `passages` gives the handbook's own words, `model` and `student` put them into
            others, which are checked; the student is the tuned model.
        dtype, batch_size: of a language model that writes.
        side: of the bench; `dev` while something is changed, `test` for figures.
        arm_questions: facts, and as many requests about conduct, that each arm of the comparison
            answers; None asks all.
        arm_tasks: tasks of several turns that each arm with retrieval goes through; None all.
    """

    assistant: AssistantOptions = AssistantOptions()
    writer: Literal["passages", "model", "student"] = "passages"
    dtype: Precision = "float32"
    batch_size: int = Field(default=8, ge=1)
    side: Literal["dev", "test"] = "test"
    arm_questions: int | None = Field(default=40, ge=1)
    arm_tasks: int | None = Field(default=0, ge=0)


class ServiceReportingOptions(Options):
    """How replies are judged and shown.

    Attributes:
        language: of the report.
        folds: in which situations are held out to judge routing.
        seed: of folds and bootstrap.
        shown: replies of every arm to the same question that are shown.
    """

    language: Literal["en", "zh"] = "en"
    folds: int = Field(default=5, ge=2)
    seed: int = 7
    shown: int = Field(default=3, ge=0, le=20)
