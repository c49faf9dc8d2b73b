"""Options of task churn: one block per stage."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from churnlens.options.base import Options
from churnlens.options.encoders import EncoderOptions
from churnlens.options.engine import EngineOptions
from churnlens.options.judge import JudgeOptions
from churnlens.options.teaching import TeacherOptions
from churnlens.options.training import Precision, StudentOptions

Writer = Literal["model", "student", "template"]


class DataProcessingOptions(Options):
    """How the table becomes documents.

    Attributes:
        min_feedback_chars: shorter feedback counts as none.
    """

    min_feedback_chars: int = Field(default=10, ge=1)


class IndexingOptions(EncoderOptions):
    """How documents become searchable.

    Attributes:
        encoder, dtype, batch_size: see `EncoderOptions`.
        symmetric: like is searched by like, so documents are embedded as questions are.
        shard_rows: texts per committed unit; a killed run loses at most one.
        factory: FAISS factory string; `auto` takes Flat, which is exact, up to `flat_rows`
            documents, then cells of bytes (IVF,SQ8), a quarter of the memory.
        engine: who embeds; it changes no result, so it is in no record.
        lexical_engine: `auto` takes rank-bm25 up to `lexical_rows` documents, then bm25s.
    """

    symmetric: bool = False
    shard_rows: int = Field(default=512, ge=1)
    factory: str = "auto"
    flat_rows: int = Field(default=100_000, ge=1)
    engine: EngineOptions = Field(default=EngineOptions(), exclude=True, repr=False)
    lexical_engine: Literal["auto", "rank_bm25", "bm25s"] = "auto"
    lexical_rows: int = Field(default=20_000, ge=1)


class DistillationOptions(TeacherOptions):
    """How a teacher's answers become training rows; teacher `reference` writes from the evidence.

    Attributes:
        depths: how many documents each question is asked with.
        validation_share: of the question families, and of the phrases in them.
        seed: of the questions, their division, and the phrasings of the reference teacher.
        min_rows, min_validation_rows: of each language; fewer are warned of.
        min_share: the same of the rows that refuse, and of those of groups that are too small.
    """

    depths: tuple[Annotated[int, Field(ge=1, le=10)], ...] = Field(default=(3, 5, 7), min_length=1)
    validation_share: float = Field(default=0.2, gt=0, lt=0.5)
    seed: int = 7
    min_rows: int = Field(default=300, ge=0)
    min_validation_rows: int = Field(default=50, ge=0)
    min_share: float = Field(default=0.1, ge=0, lt=1)


class FinetuningOptions(StudentOptions):
    """How models are tuned on the user's rows: the risk models, and a student of the teacher.

    Attributes:
        repeats, folds: of the cross-validation of the customer risk.
        max_auc: a mean AUC above this is treated as a leak and stops the run; None for a trade
            where such a value has been shown to be honest.
    """

    repeats: int = Field(default=3, ge=1)
    folds: int = Field(default=5, ge=2)
    max_auc: float | None = Field(default=0.87, gt=0.5, le=1)


class DriverOptions(Options):
    """What counts as a driver, and when a group is too small to speak about.

    Attributes:
        min_customers, min_events: gates; below them the answer is "too few customers".
        alpha: false discovery rate of the driver search.
        min_lift, min_difference: effect floor; a driver passes at least one of them.
        max_drivers: drivers that an answer names.
    """

    min_customers: int = Field(default=30, ge=2)
    min_events: int = Field(default=10, ge=1)
    alpha: float = Field(default=0.05, gt=0, lt=1)
    min_lift: float = Field(default=1.15, ge=1)
    min_difference: float = Field(default=0.05, ge=0)
    max_drivers: int = Field(default=5, ge=1)


class InferenceOptions(Options):
    """How questions are answered.

    Attributes:
        writer: `model` writes inside a grammar, sentence by sentence; `student` is the tuned model
            and writes whole answers; `template` answers without any model.
        model, student: names in the model lock: of the writer, and of the student's base.
        dtype: float32 makes batched greedy decoding reproducible to the byte on a CPU.
        sentences: `shaped` keeps an English sentence to the shapes of `prompts/churn.yml`, right
            for a small model; `free` forbids digits only.
        batch_size: claims written at once.
        max_new_tokens: tokens per claim.
        max_answer_tokens: tokens of a whole answer by the student.
        documents: feedback texts shown as evidence.
        candidates: hits taken from each retriever before fusion.
        drivers: gates and floors of the statistics.
    """

    writer: Writer = Field(default="model", exclude=True)  # chosen per command, so in no record
    model: str = "SmolLM2-135M-Instruct"
    student: str = "SmolLM2-135M-Instruct"
    dtype: Precision = "float32"
    sentences: Literal["shaped", "free"] = "shaped"
    batch_size: int = Field(default=16, ge=1)
    max_new_tokens: int = Field(default=64, ge=16)
    max_answer_tokens: int = Field(default=400, ge=64)
    documents: int = Field(default=5, ge=1, le=20)
    candidates: int = Field(default=200, ge=5)
    drivers: DriverOptions = DriverOptions()


class ReportingOptions(Options):
    """How results are judged and shown.

    Attributes:
        language: of the report.
        seed: of the question bench.
        bench_limit: questions taken from each split of the bench; None takes all.
        arm_questions: held-out questions that every arm answers, evenly from all families; None
            takes all in the languages of the student.
        judge: a model that judges pairs of answers, if it is switched on.
    """

    bench_limit: int | None = Field(default=None, ge=1)
    arm_questions: int | None = Field(default=None, ge=1)
    language: Literal["en", "zh"] = "en"
    seed: int = 7
    judge: JudgeOptions = JudgeOptions()
