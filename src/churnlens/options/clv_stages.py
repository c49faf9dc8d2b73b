"""Options of tasks clv and retention: one block per stage."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from churnlens.options.base import Options
from churnlens.options.clv import (
    ClvModelOptions,
    RetentionOptions,
    SegmentOptions,
    SplitOptions,
    SurvivalOptions,
    TransactionOptions,
)
from churnlens.options.heads import HeadOptions


class ClvDataOptions(Options):
    """How transactions are read and cut in time.

    Attributes:
        transactions: which rows count.
        days: length of the target; of a contract, its bills in that time.
        cuts: training cuts, one target length apart before the test cut.
        split: the cuts themselves; without it they are counted back from the last transaction.
    """

    transactions: TransactionOptions = TransactionOptions()
    days: int = Field(default=90, ge=1)
    cuts: int = Field(default=2, ge=2, le=12)
    split: SplitOptions | None = None


class TextArmOptions(Options):
    """How a language model learns to regress spend from the customer as text.

    Attributes:
        encoder: name of the base model in the model lock; a language model does too.
        head: its training; None leaves the arm out.
        max_rows, max_validation_rows: that it learns from, and that stop it; drawn by `seed`.
        embedded: whether boosting on an embedding of the same text is an arm too.
        embedded_rows: most training rows of that arm, drawn by `seed`; to embed takes long.
        parts: principal components of the embedding that boosting reads.
    """

    encoder: str = "all-MiniLM-L6-v2"
    head: HeadOptions | None = HeadOptions(kind="regression", epochs=2, evaluations=1)
    max_rows: int = Field(default=1000, ge=10)
    max_validation_rows: int = Field(default=200, ge=10)
    embedded: bool = True
    embedded_rows: int = Field(default=2000, ge=100)
    parts: int = Field(default=8, ge=1, le=64)
    seed: int = 7


class ClvFinetuningOptions(Options):
    """How the models of value are fitted.

    Attributes:
        models: floors, parametric, boosting and stack.
        survival: of contracts.
        segments: borders between segments.
        text: the language model.
    """

    models: ClvModelOptions = ClvModelOptions(draws=500)
    survival: SurvivalOptions = SurvivalOptions()
    segments: SegmentOptions = SegmentOptions()
    text: TextArmOptions = TextArmOptions()


class ClvReportingOptions(Options):
    """How the models are judged and shown.

    Attributes:
        language: of the report.
        resamples, seed: of the bootstrap over customers.
        shown: customers in the list of the most valuable.
        tracking_uri: of an MLflow store that gets trials and models too, such as
            `sqlite:///mlflow.db`.
    """

    language: Literal["en", "zh"] = "en"
    resamples: int = Field(default=1000, ge=100)
    seed: int = 7
    shown: int = Field(default=10, ge=0, le=100)
    tracking_uri: str | None = None


class RetentionInferenceOptions(Options):
    """How the list is written.

    Attributes:
        language: of what is to be done.
    """

    language: Literal["en", "zh"] = "en"


class RetentionReportingOptions(Options):
    """How the list is judged and shown.

    Attributes:
        language: of the report.
        worth: share that is acted on, and the bootstrap.
        effect: assumed share of leavers that the one action of the comparison keeps.
        cost: of that action, in the currency of the list.
        shown: rows of the list in the report.
    """

    language: Literal["en", "zh"] = "en"
    worth: RetentionOptions = RetentionOptions()
    effect: float = Field(default=0.2, gt=0, le=1)
    cost: float = Field(default=10.0, ge=0)
    shown: int = Field(default=20, ge=0, le=200)
