"""Every parameter block as a frozen model: one per stage, one file per task in `conf/base`.

A wrong name or type stops the run before any node starts, with every fault at once. Defaults are
the values for a plain CPU; machines differ through `conf/<env>/globals.yml`.
"""

from churnlens.options.alerts import AlertGrid, AlertOptions, AlertScoreOptions
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
from churnlens.options.remote import RemoteOptions, WebhookOptions
from churnlens.options.training import Dtype, ExperimentOptions, Precision, Range, TrainingOptions
from churnlens.options.web import LimitOptions, QueueOptions, WebOptions

__all__ = [
    "AlertGrid",
    "AlertOptions",
    "AlertScoreOptions",
    "DataProcessingOptions",
    "DistillationOptions",
    "DriverOptions",
    "Dtype",
    "ExperimentOptions",
    "FinetuningOptions",
    "IndexingOptions",
    "InferenceOptions",
    "LimitOptions",
    "Precision",
    "QueueOptions",
    "Range",
    "RemoteOptions",
    "ReportingOptions",
    "TrainingOptions",
    "WebOptions",
    "WebhookOptions",
    "Writer",
]
