"""Every parameter block as a frozen model: one per stage, one file per task in `conf/base`.

A wrong name or type stops the run before any node starts, with every fault at once. Defaults are
the values for a plain CPU; machines differ through `conf/<env>/globals.yml`.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, model_validator

from churnlens.schema import Frozen

Dtype = Literal["float32", "bfloat16", "float16"]
Precision = Literal[Dtype, "nf4"]
_URL = (
    r"^https?://([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?"
    r"(/[A-Za-z0-9._~%:+,;=/-]{0,200})?$"
)
Writer = Literal["model", "student", "template"]


class DataProcessingOptions(Frozen):
    """How the table becomes documents.

    Attributes:
        min_feedback_chars: shorter feedback counts as none.
    """

    min_feedback_chars: int = Field(default=10, ge=1)


class IndexingOptions(Frozen):
    """How documents become searchable.

    Attributes:
        encoder: name of an encoder in the model lock.
        dtype: precision of the encoder; bfloat16 is three times as fast on a CPU that has it.
        batch_size: texts per forward pass.
        shard_rows: texts per committed unit; a killed run loses at most one.
        factory: FAISS factory string; Flat is exact and right up to about 10^5 documents.
        lexical_engine: `auto` takes rank-bm25 up to `lexical_rows` documents, then bm25s.
    """

    encoder: str = "all-MiniLM-L6-v2"
    dtype: Dtype = "bfloat16"
    batch_size: int = Field(default=32, ge=1)
    shard_rows: int = Field(default=512, ge=1)
    factory: str = "Flat"
    lexical_engine: Literal["auto", "rank_bm25", "bm25s"] = "auto"
    lexical_rows: int = Field(default=20_000, ge=1)


class RemoteOptions(Frozen):
    """Which model is asked where, and how patiently.

    Attributes:
        base_url: up to the part before `/chat/completions`, such as `http://127.0.0.1:8000/v1`.
        model: its name at the server.
        api_key_env: name of the environment variable that holds the API key, if one is needed.
        concurrency: requests under way at once.
        timeout: seconds for one answer, from asking to its last byte.
        retries: how often a request is repeated after 429, 5xx, a timeout or a broken connection.
        backoff: seconds before the first repetition, twice as many before each next.
        max_wait: most seconds before a repetition; a server that asks for more ends the request.
        schema_terms: `plain` sends schemas without `pattern` and `prefixItems`, for servers that do
            not know them; answers are checked against the whole schema all the same.
        seed: sent with every request.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    base_url: str = Field(default="http://127.0.0.1:8000/v1", pattern=_URL, max_length=300)
    model: str = Field(default="Qwen/Qwen2.5-14B-Instruct", min_length=1, max_length=200)
    api_key_env: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")
    concurrency: int = Field(default=4, ge=1, le=64)
    timeout: float = Field(default=120, gt=0, le=3600)
    retries: int = Field(default=5, ge=0, le=20)
    backoff: float = Field(default=1, ge=0, le=60)
    max_wait: float = Field(default=60, ge=0, le=3600)
    schema_terms: Literal["full", "plain"] = "full"
    seed: int = 7


class DistillationOptions(Frozen):
    """How a teacher's answers become training rows.

    Attributes:
        teacher: `reference` writes from the evidence brief without a model, `transformers` is a
            model of the lock, `openai` a server.
        model, dtype: of teacher `transformers`.
        server: of teacher `openai`.
        batch_size: answers that are asked for, and kept, at once.
        max_new_tokens: per answer.
        depths: how many documents each question is asked with.
        validation_share: of the question families, and of the phrases in them.
        seed: of the questions, their division, and the phrasings of the reference teacher.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    teacher: Literal["reference", "transformers", "openai"] = "reference"
    model: str = "Qwen2.5-14B-Instruct"
    dtype: Precision = "nf4"
    server: RemoteOptions = RemoteOptions()
    batch_size: int = Field(default=16, ge=1)
    max_new_tokens: int = Field(default=512, ge=64)
    depths: tuple[Annotated[int, Field(ge=1, le=10)], ...] = Field(default=(3, 5, 7), min_length=1)
    validation_share: float = Field(default=0.2, gt=0, lt=0.5)
    seed: int = 7


class TrainingOptions(Frozen):
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
        max_length: tokens per row; a row that does not fit whole stops the run.
        seed: of the adapter's first weights, the order of the rows, and dropout.
    """

    method: Literal["lora", "qlora", "full"] = "lora"
    rank: int = Field(default=16, ge=1, le=1024)
    alpha: int = Field(default=32, ge=1)
    dropout: float = Field(default=0, ge=0, lt=1)
    dtype: Literal["float32", "bfloat16", "float16"] = "bfloat16"
    learning_rate: float = Field(default=2e-4, gt=0, le=1e-2)
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

    @model_validator(mode="after")
    def _rate_fits_method(self) -> Self:
        if self.method == "full" and self.learning_rate > 1e-4:
            raise ValueError(
                f"learning_rate {self.learning_rate:g} is for adapters; expected at most 1e-4 with "
                "method full (2e-5 is usual)"
            )
        return self


class FinetuningOptions(TrainingOptions):
    """How models are tuned on the user's rows: the risk models, and a student of the teacher.

    Attributes:
        student: name of the base model in the model lock; it learns rows in its own languages.
        max_rows: training rows, taken evenly from all families; None takes all.
        max_validation_rows: the same of the validation rows.
        repeats, folds: of the cross-validation of the customer risk.
        max_auc: a mean AUC above this is treated as a leak and stops the run; None for a trade
            where such a value has been shown to be honest.
    """

    student: str = "SmolLM2-135M-Instruct"
    max_rows: int | None = Field(default=None, ge=1)
    max_validation_rows: int | None = Field(default=None, ge=1)
    repeats: int = Field(default=3, ge=1)
    folds: int = Field(default=5, ge=2)
    max_auc: float | None = Field(default=0.87, gt=0.5, le=1)


class Range(Frozen):
    """Where a number may lie; searched on a log scale."""

    low: float = Field(gt=0)
    high: float = Field(gt=0)


class ExperimentOptions(Frozen):
    """Which settings of a training are tried; all others are the student's.

    Attributes:
        grid: settings of each declared run, such as `{method: lora, epochs: 3}`.
        trials: further runs that Optuna proposes from `space`, one after the other.
        space: setting → its values, or the ends of a range.
        max_rows, max_validation_rows: as for the student; None takes all.
        tracking_uri: of an MLflow store that gets the runs too, such as `sqlite:///mlflow.db`.
    """

    grid: tuple[dict[str, Any], ...] = ()
    trials: int = Field(default=0, ge=0, le=100)
    space: dict[str, Range | Annotated[tuple[Any, ...], Field(min_length=1)]] = {}
    max_rows: int | None = Field(default=None, ge=1)
    max_validation_rows: int | None = Field(default=None, ge=2)
    tracking_uri: str | None = None

    @model_validator(mode="after")
    def _has_runs(self) -> Self:
        known = set(TrainingOptions.model_fields)
        for run in self.grid:
            if unknown := sorted(set(run) - known):
                raise ValueError(f"grid: no settings of a training {unknown}; {sorted(known)}")
            TrainingOptions.model_validate(run)
        if unknown := sorted(set(self.space) - known):
            raise ValueError(f"space: no settings of a training {unknown}; {sorted(known)}")
        if self.trials and not self.space:
            raise ValueError("trials without a space; name settings and their values in space")
        return self


class DriverOptions(Frozen):
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


class InferenceOptions(Frozen):
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


class ReportingOptions(Frozen):
    """How results are judged and shown.

    Attributes:
        language: of the report.
        seed: of the question bench.
        bench_limit: questions taken from each split of the bench; None takes all.
        arm_questions: held-out questions that every arm answers, evenly from all families; None
            takes all in the languages of the student.
    """

    bench_limit: int | None = Field(default=None, ge=1)
    arm_questions: int | None = Field(default=None, ge=1)
    language: Literal["en", "zh"] = "en"
    seed: int = 7


class AlertOptions(Frozen):
    """When a dialogue is amber or red, and when someone is told; turns are the customer's.

    Attributes:
        amber: a turn is bad when P(dissatisfied) is above this.
        red: a turn above this makes the dialogue red at once.
        window, needed: amber when this many of the last `window` turns are bad.
        rise: amber when the mean of the last two turns is above that of the first two by more than
            this; 1 turns the rule off.
        calm_turns: turns without any rule that put the dialogue back to calm.
        cool_down: turns from one alert to the next, at least; from amber to red there is no wait.
        min_turns: no rule speaks before this many turns; phrases until then are kept in mind.
    """

    amber: float = Field(default=0.5, ge=0, le=1)
    red: float = Field(default=0.8, ge=0, le=1)
    window: int = Field(default=3, ge=1, le=20)
    needed: int = Field(default=2, ge=1)
    rise: float = Field(default=0.3, ge=0, le=1)
    calm_turns: int = Field(default=2, ge=1)
    cool_down: int = Field(default=3, ge=1)
    min_turns: int = Field(default=2, ge=1, le=20)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.amber > self.red:
            raise ValueError(
                f"amber {self.amber:g} is above red {self.red:g}; expected amber <= red"
            )
        if self.needed > self.window:
            raise ValueError(
                f"needed {self.needed} of {self.window} turns; expected needed <= window"
            )
        return self


class AlertScoreOptions(Frozen):
    """When an alert counts as right.

    Attributes:
        late: turns after the event up to which an alert still counts.
        early: turns before the event from which an alert counts; None counts any earlier one.
        single: the rule of the floor: the first turn with P(dissatisfied) above this.
        resamples, seed: of the bootstrap over dialogues.
    """

    late: int = Field(default=2, ge=0)
    early: int | None = Field(default=None, ge=0)
    single: float = Field(default=0.4, ge=0, le=1)
    resamples: int = Field(default=2000, ge=100)
    seed: int = 7


class AlertGrid(Frozen):
    """The settings that are tried when alerts are tuned, and what false alerts may cost.

    Attributes:
        amber, red, rise: values of the thresholds; a pair with amber above red is left out.
        false_alerts: most false alerts per 100 dialogues.
    """

    amber: tuple[float, ...] = Field(default=(0.3, 0.4, 0.5, 0.6, 0.7, 0.8), min_length=1)
    red: tuple[float, ...] = Field(default=(0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1), min_length=1)
    rise: tuple[float, ...] = Field(default=(0.2, 0.3, 0.4, 0.5, 1), min_length=1)
    false_alerts: float = Field(default=20, ge=0)


class WebhookOptions(Frozen):
    """Where events are posted, and how patiently.

    Attributes:
        url: of the receiver, without a query; https, or http on this machine.
        secret_env: name of the environment variable that holds the signing secret.
        timeout: seconds for one attempt to connect, to send, and to be answered.
        retries: how often a post is repeated after 429, 5xx, a timeout or a broken connection.
        backoff: seconds before the first repetition, twice as many before each next.
        max_wait: most seconds before a repetition; a server that asks for more is left for later.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    url: str = Field(pattern=_URL, max_length=300)
    secret_env: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")
    timeout: float = Field(default=10, gt=0, le=600)
    retries: int = Field(default=3, ge=0, le=20)
    backoff: float = Field(default=1, ge=0, le=60)
    max_wait: float = Field(default=60, ge=0, le=3600)

    @model_validator(mode="after")
    def _is_private(self) -> Self:
        parts = urlsplit(self.url)
        if parts.scheme != "https" and not _is_loopback(parts.hostname or ""):
            raise ValueError("url: plain http would show the events to others; use https")
        return self


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
