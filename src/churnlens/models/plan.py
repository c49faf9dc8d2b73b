"""What each stage will need, before anything is loaded: memory, limit, and what to change."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from churnlens.models.memory import embedding_memory, encoder_bytes, generation_memory
from churnlens.models.shapes import known_config, machine_gib
from churnlens.models.training.advice import smaller_batch
from churnlens.models.training.estimate import GIB, estimate_memory
from churnlens.options import (
    DistillationOptions,
    FinetuningOptions,
    IndexingOptions,
    InferenceOptions,
    Precision,
)
from churnlens.schema import Frozen

Device = Literal["cpu", "cuda"]
Changes = Sequence[tuple[str, dict[str, Any]]]
USABLE = 0.9  # of a limit: the rest is the driver's context, other programs, and fragments
_WORTH = 0.05  # GiB; less is not worth a line


class Load(Frozen):
    """How long texts are and how many there are, as far as the options do not say.

    Attributes:
        text_tokens: of the longest text that is embedded; an encoder cuts at its own window.
        prompt_tokens: of the longest prompt of an answer or of the teacher.
        row_tokens: of the longest training row; None takes `max_length` of the options.
        answer_tokens: of the longest answer in a training row; None takes half the row.
    """

    text_tokens: int = Field(default=512, ge=1)
    prompt_tokens: int = Field(default=2048, ge=1)
    row_tokens: int | None = Field(default=None, ge=1)
    answer_tokens: int | None = Field(default=None, ge=1)


class Knob(Frozen):
    """One option that saves memory: its name, what to set it to, and GiB saved by it alone."""

    option: str
    value: str
    saves_gib: float


class StagePlan(Frozen):
    """What one stage needs.

    Attributes:
        stage: `embedding`, `teacher`, `training`, `answering`, `student` (whole answers by it, as
            `--writer student` gives them) or `arms` (the same, in the precision of its training).
        what: model and the settings that matter.
        device: `cpu` or `cuda`.
        gib: predicted peak; None when the shape of the model is not known.
        limit_gib: memory of the device.
        fits: whether the peak is within nine tenths of the limit; None when not known.
        knobs: what saves memory, the least costly change first.
    """

    stage: str
    what: str
    device: Device
    gib: float | None
    limit_gib: float
    fits: bool | None
    knobs: tuple[Knob, ...] = ()


def plan_stages(
    parameters: Mapping[str, Any],
    model_root: Path,
    memory_gib: float | None,
    *,
    load: Load | None = None,
) -> list[StagePlan]:
    """Predict the memory of every stage of one task.

    Args:
        parameters: blocks of one task, as `conf` and its environment give them: `indexing`,
            `distillation`, `finetuning` and `inference`; a missing one is all defaults.
        model_root: folder of fetched models; for one that is not there a table is asked.
        memory_gib: of the GPU; None means a machine without one, and its own memory.
        load: sizes of texts.

    Raises:
        pydantic.ValidationError: naming every parameter that is wrong.
    """
    load = load or Load()
    device: Device = "cpu" if memory_gib is None else "cuda"
    limit = machine_gib() if memory_gib is None else memory_gib
    indexing = IndexingOptions.model_validate(parameters.get("indexing", {}))
    teacher = DistillationOptions.model_validate(parameters.get("distillation", {}))
    tuning = FinetuningOptions.model_validate(parameters.get("finetuning", {}))
    answering = InferenceOptions.model_validate(parameters.get("inference", {}))
    planner = _Planner(model_root, device, limit, load)
    return [
        planner.embedding(indexing),
        planner.teacher(teacher),
        planner.training(tuning),
        planner.answering(answering, indexing),
        planner.student(answering, indexing),
        planner.arms(answering, tuning),
    ]


class _Planner:
    """The stages of one machine."""

    def __init__(self, root: Path, device: Device, limit: float, load: Load) -> None:
        self._root, self._device, self._limit, self._load = root, device, limit, load

    def embedding(self, options: IndexingOptions) -> StagePlan:
        """Plan for the encoder over all documents."""
        config = known_config(options.encoder, self._root)

        def peak(o: IndexingOptions) -> int:
            tokens = self._load.text_tokens
            return embedding_memory(
                config, dtype=o.dtype, rows=o.batch_size, tokens=tokens, device=self._device
            ).peak

        what = f"{options.encoder} {options.dtype}, batch {options.batch_size}"
        changes = [*_halves(options.batch_size), *_lower(options.dtype)]
        name = ("embedding", "indexing", options.encoder)
        return self._stage(name, what, options, peak, changes, known=bool(config))

    def teacher(self, options: DistillationOptions) -> StagePlan:
        """Plan for the teacher's answers."""
        name = ("teacher", "distillation", options.model)
        if options.teacher == "transformers":
            return self._writing(name, options, 0)
        what = {"reference": "reference writer, no model", "openai": "on a server"}
        return self._stage(name, what[options.teacher], options, lambda _: 0, [], known=True)

    def answering(self, options: InferenceOptions, indexing: IndexingOptions) -> StagePlan:
        """The encoder of the questions stays loaded beside the writer."""
        config = known_config(indexing.encoder, self._root)
        beside = encoder_bytes(config, indexing.dtype) if config else 0
        if options.writer == "template":
            name = ("answering", "inference", "")
            return self._stage(name, "templates", options, lambda _: beside, [], known=True)
        return self._writing(("answering", "inference", options.model), options, beside)

    def student(self, options: InferenceOptions, indexing: IndexingOptions) -> StagePlan:
        """Plan for whole answers by the student, as `--writer student` writes them."""
        config = known_config(indexing.encoder, self._root)
        beside = encoder_bytes(config, indexing.dtype) if config else 0
        return self._writing(("student", "inference", options.student), _whole(options), beside)

    def arms(self, options: InferenceOptions, tuning: FinetuningOptions) -> StagePlan:
        """Plan for the compared arms, which write in the precision that the student is tuned in."""
        whole = _whole(options).model_copy(
            update={"model": tuning.student, "dtype": tuning.precision}
        )
        return self._writing(("arms", "inference", tuning.student), whole, 0)

    def _writing(
        self,
        name: tuple[str, str, str],
        options: InferenceOptions | DistillationOptions,
        beside: int,
    ) -> StagePlan:
        config = known_config(options.model, self._root)

        def peak(o: InferenceOptions | DistillationOptions) -> int:
            return (
                beside
                + generation_memory(
                    config,
                    dtype=o.dtype,
                    rows=o.batch_size,
                    tokens=(self._load.prompt_tokens, o.max_new_tokens),
                    device=self._device,
                ).peak
            )

        what = f"{options.model} {options.dtype}, batch {options.batch_size}"
        changes = [*_halves(options.batch_size), *_lower(options.dtype)]
        if self._device == "cuda" and options.dtype != "nf4":
            changes.append(("nf4", {"dtype": "nf4"}))
        return self._stage(name, what, options, peak, changes, known=bool(config))

    def training(self, options: FinetuningOptions) -> StagePlan:
        """Plan for a step of training."""
        model = options.student
        config = known_config(model, self._root)

        def peak(o: FinetuningOptions) -> int:
            tokens = self._load.row_tokens or o.max_length
            answer = self._load.answer_tokens or tokens // 2
            return estimate_memory(
                config, o, tokens=tokens, answer_tokens=answer, device=self._device
            ).peak

        what = f"{model} {options.method} {options.dtype}, batch {options.batch_size}"
        name = ("training", "finetuning", model)
        changes = list(_training_changes(options, self._device))
        return self._stage(name, what, options, peak, changes, known=bool(config))

    def _stage(
        self,
        name: tuple[str, str, str],
        what: str,
        options: Any,
        peak: Callable[[Any], int],
        changes: Changes,
        *,
        known: bool,
    ) -> StagePlan:
        """Build a row; `name` is stage, block of the options, model."""
        stage, block, model = name
        common = {"stage": stage, "device": self._device, "limit_gib": round(self._limit, 2)}
        if not known:
            what = f"{model}: shape not known; next: kedro fetch-models {model}"
            return StagePlan(**common, what=what, gib=None, fits=None)
        now = peak(options) / GIB
        knobs = []
        for value, changed in changes:
            saves = now - peak(options.model_copy(update=changed)) / GIB
            if saves >= _WORTH:
                option = f"{block}.{next(iter(changed))}"
                knobs.append(Knob(option=option, value=value, saves_gib=round(saves, 2)))
        return StagePlan(
            **common,
            what=what,
            gib=round(now, 2),
            fits=now <= USABLE * self._limit,
            knobs=tuple(knobs),
        )


def _whole(options: InferenceOptions) -> InferenceOptions:
    """Return the options under which the student writes whole answers."""
    tokens = options.max_answer_tokens
    return options.model_copy(update={"model": options.student, "max_new_tokens": tokens})


def _halves(batch: int) -> Changes:
    """Smaller batches, and what goes with them."""
    return [(str(size), {"batch_size": size}) for size in dict.fromkeys((batch // 2, 1)) if size]


def _lower(dtype: Precision) -> Changes:
    return [("bfloat16", {"dtype": "bfloat16"})] if dtype == "float32" else []


def _training_changes(
    options: FinetuningOptions, device: Device
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield changes, those first that leave the result as it is."""
    if smaller := smaller_batch(options):
        yield "{batch_size} with accumulation {accumulation}".format(**smaller), smaller
    if not options.gradient_checkpointing:
        yield "true", {"gradient_checkpointing": True}
    if options.method == "full":
        yield "lora", {"method": "lora"}
    if options.method != "qlora" and device == "cuda":
        yield "qlora", {"method": "qlora"}
    yield from _lower(options.dtype)


def render_plan(stages: Sequence[StagePlan]) -> str:
    """Return the plan as a table of text, with what saves memory under each stage.

    Every line ends without blanks; sizes are in GiB.
    """
    head = ("stage", "what", "device", "needs", "limit", "fits")
    table = [head, *(_cells(stage) for stage in stages)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = []
    for cells, stage in zip(table, [None, *stages], strict=True):
        line = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        lines.append(line.rstrip())
        if stage is not None:
            lines += [f"    {k.option}: {k.value}  saves {k.saves_gib:.1f}" for k in stage.knobs]
    return "\n".join(lines)


def _cells(stage: StagePlan) -> tuple[str, ...]:
    fits = {True: "yes", False: "no", None: "?"}[stage.fits]
    needs = "?" if stage.gib is None else f"{stage.gib:.1f}"
    return (stage.stage, stage.what, stage.device, needs, f"{stage.limit_gib:.1f}", fits)
