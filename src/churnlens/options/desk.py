"""Options of task satisfaction: one block per stage."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from churnlens.options.alerts import AlertGrid, AlertOptions, AlertScoreOptions
from churnlens.options.base import Options
from churnlens.options.explanations import (
    AttributionOptions,
    FaithfulnessOptions,
    ReasonOptions,
)
from churnlens.options.satisfaction import ScorerOptions
from churnlens.options.sinks import SinkOptions


class SatisfactionFinetuningOptions(Options):
    """How the scorer is made and the alerts are tuned.

    Attributes:
        encoder: name of the base model in the model lock.
        scorer: of customer turns.
        reasons: how reasons are learnt and told.
        alerts: settings of the rules that are not tuned.
        grid: those that are, and the budget of false alerts.
        judged: when an alert counts as right.
    """

    encoder: str = "multilingual-e5-small"
    scorer: ScorerOptions = ScorerOptions()
    reasons: ReasonOptions = ReasonOptions()
    alerts: AlertOptions = AlertOptions()
    grid: AlertGrid = AlertGrid()
    judged: AlertScoreOptions = AlertScoreOptions()


class SatisfactionInferenceOptions(Options):
    """How dialogues are assessed and explained.

    Attributes:
        similar: past cases beside each dialogue.
        explained: alerts whose score is traced back to words, the first ones; it takes about a
            quarter of a second each.
        attribution: how far.
        as_of: the moment of the decisions, from which credits are counted back; None is that of
            the newest grant, so that the same files give the same decisions.
        sinks: where alerts and decisions are sent.
    """

    similar: int = Field(default=3, ge=0, le=20)
    explained: int = Field(default=40, ge=0)
    attribution: AttributionOptions = AttributionOptions()
    as_of: AwareDatetime | None = None
    sinks: SinkOptions = SinkOptions()


class SatisfactionReportingOptions(Options):
    """How the scorer is judged and shown.

    Attributes:
        language: of the report.
        resamples, seed: of the bootstrap over dialogues.
        traced: turns on which the attributions are put to the test.
        faithfulness: how.
        shown: dialogues whose course is drawn.
    """

    language: Literal["en", "zh"] = "en"
    resamples: int = Field(default=2000, ge=100)
    seed: int = 7
    traced: int = Field(default=60, ge=1)
    faithfulness: FaithfulnessOptions = FaithfulnessOptions()
    shown: int = Field(default=4, ge=0, le=20)
