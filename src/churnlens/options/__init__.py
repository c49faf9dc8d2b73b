"""Every parameter block as a frozen model: one per stage, one file per task in `conf/base`.

A wrong name or type stops the run before any node starts, with every fault at once. Defaults are
the values for a plain CPU; machines differ through `conf/<env>/globals.yml`.
"""

from churnlens.options.alerts import (
    AlertGrid,
    AlertOptions,
    AlertScoreOptions,
)
from churnlens.options.base import (
    Options,
    OptionsError,
)
from churnlens.options.churn import (
    DataProcessingOptions,
    DistillationOptions,
    DriverOptions,
    FinetuningOptions,
    IndexingOptions,
    InferenceOptions,
    ReportingOptions,
    Writer,
)
from churnlens.options.clv import (
    ClvModelOptions,
    RetentionOptions,
    SegmentOptions,
    SplitOptions,
    SurvivalOptions,
    TransactionOptions,
    ValueOptions,
)
from churnlens.options.clv_stages import (
    ClvDataOptions,
    ClvFinetuningOptions,
    ClvReportingOptions,
    RetentionInferenceOptions,
    RetentionReportingOptions,
    TextArmOptions,
)
from churnlens.options.desk import (
    SatisfactionFinetuningOptions,
    SatisfactionInferenceOptions,
    SatisfactionReportingOptions,
)
from churnlens.options.dialogues import (
    SIDES,
    DialogueOptions,
    LabelReviewOptions,
    Side,
)
from churnlens.options.encoders import EncoderOptions
from churnlens.options.engine import EngineOptions
from churnlens.options.explanations import (
    AttributionOptions,
    FaithfulnessOptions,
    ReasonOptions,
)
from churnlens.options.heads import (
    HeadKind,
    HeadOptions,
)
from churnlens.options.judge import JudgeOptions
from churnlens.options.remote import (
    RemoteOptions,
    WebhookOptions,
)
from churnlens.options.satisfaction import (
    CalibrationOptions,
    FloorOptions,
    ScoreKind,
    ScorerOptions,
    TurnOptions,
)
from churnlens.options.service import (
    PUBLIC_RECIPE,
    AssistantOptions,
    SearchOptions,
    ServiceFinetuningOptions,
    ServiceInferenceOptions,
    ServiceReportingOptions,
    ServiceRowsOptions,
    Similarity,
)
from churnlens.options.sinks import SinkOptions
from churnlens.options.summary import (
    PUBLIC_GRID,
    PromptSearchOptions,
    SummaryDistillationOptions,
    SummaryFinetuningOptions,
    SummaryReportingOptions,
    SummaryScoreOptions,
    SummaryWriter,
    SummaryWriterOptions,
)
from churnlens.options.teaching import TeacherOptions
from churnlens.options.training import (
    Dtype,
    ExperimentOptions,
    Precision,
    Range,
    StudentOptions,
    TrainingOptions,
)
from churnlens.options.web import (
    LimitOptions,
    QueueOptions,
    WebOptions,
)

__all__ = [
    "TeacherOptions",
    "PUBLIC_GRID",
    "PUBLIC_RECIPE",
    "AlertGrid",
    "AlertOptions",
    "AlertScoreOptions",
    "AssistantOptions",
    "AttributionOptions",
    "CalibrationOptions",
    "ClvDataOptions",
    "ClvFinetuningOptions",
    "ClvModelOptions",
    "ClvReportingOptions",
    "DataProcessingOptions",
    "DialogueOptions",
    "DistillationOptions",
    "EncoderOptions",
    "EngineOptions",
    "DriverOptions",
    "Dtype",
    "ExperimentOptions",
    "FaithfulnessOptions",
    "FinetuningOptions",
    "FloorOptions",
    "HeadKind",
    "HeadOptions",
    "IndexingOptions",
    "InferenceOptions",
    "JudgeOptions",
    "LabelReviewOptions",
    "LimitOptions",
    "Options",
    "OptionsError",
    "Precision",
    "PromptSearchOptions",
    "QueueOptions",
    "Range",
    "ReasonOptions",
    "RemoteOptions",
    "ReportingOptions",
    "RetentionInferenceOptions",
    "RetentionOptions",
    "RetentionReportingOptions",
    "SIDES",
    "SatisfactionFinetuningOptions",
    "SatisfactionInferenceOptions",
    "SatisfactionReportingOptions",
    "ScoreKind",
    "ScorerOptions",
    "SearchOptions",
    "SegmentOptions",
    "ServiceFinetuningOptions",
    "ServiceInferenceOptions",
    "ServiceReportingOptions",
    "ServiceRowsOptions",
    "Side",
    "Similarity",
    "SplitOptions",
    "SinkOptions",
    "StudentOptions",
    "SummaryDistillationOptions",
    "SummaryFinetuningOptions",
    "SummaryReportingOptions",
    "SummaryScoreOptions",
    "SummaryWriter",
    "SummaryWriterOptions",
    "SurvivalOptions",
    "TextArmOptions",
    "TrainingOptions",
    "TransactionOptions",
    "TurnOptions",
    "ValueOptions",
    "WebOptions",
    "WebhookOptions",
    "Writer",
]
