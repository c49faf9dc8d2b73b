"""One training by transformers' Trainer: what is trained on what, and how it is watched."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from churnlens.models.loading import device
from churnlens.models.training.callbacks import watch
from churnlens.models.training.exhausted import memory_stage
from churnlens.models.training.gradients import check_gradients
from churnlens.options import TrainingOptions

Batch = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Job:
    """All that a training needs.

    Attributes:
        load: returns the model, ready for training; called once, after the seed is set.
        rows: training and validation, as `collate` takes them.
        collate: rows → batch.
        options: see `TrainingOptions`.
        advice: what to change when memory runs out, the best first.
        label: name of the work in the progress lines.
        loss: (model, batch) → mean loss over the rows; None takes the model's own.
        groups: model → groups of parameters with rates of their own; None takes one rate.
        validation_batch: rows per validation pass. With 1, a loss that is a mean over tokens has
            no weights by batch; a mean over rows has none at any size.
        order: epoch → what the training rows are asked for by, as many as there are; it may depend
            on nothing else, so that a resumed training sees the same rows. None shuffles.
    """

    load: Callable[[], Any]
    rows: tuple[Any, Sequence[Any]]
    collate: Callable[[Sequence[Any]], Batch]
    options: TrainingOptions
    advice: Sequence[str]
    label: str
    loss: Callable[[Any, Batch], Any] | None = None
    groups: Callable[[Any], list[dict[str, Any]]] | None = None
    validation_batch: int = 1
    order: Callable[[int], Sequence[Any]] | None = None


def run_job(job: Job, run: Path, resume: Path | None) -> None:
    """Train, leaving checkpoints in `run`; from the checkpoint `resume`, if there is one.

    Raises:
        MemoryExhaustedError, GradientError, DivergedError: see there.
    """
    from transformers import set_seed
    from transformers.trainer_callback import PrinterCallback

    set_seed(job.options.seed)
    with memory_stage("loading the model", job.advice):
        model = job.load()
    with memory_stage("training", job.advice):
        if device() == "cuda" and job.loss is None:
            check_gradients(model, job.collate(job.rows[0][: job.options.batch_size]))
        trainer = _trainer(job, model, arguments(job, run, resume is None), run)
        trainer.remove_callback(PrinterCallback)
        trainer.train(resume_from_checkpoint=str(resume) if resume else None)


def _trainer(job: Job, model: Any, args: Any, run: Path) -> Any:
    from torch.optim import AdamW
    from transformers import Trainer

    class Tuner(Trainer):
        def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
            with memory_stage("validation", job.advice):
                return super().evaluate(*args, **kwargs)

        def compute_loss(
            self,
            model: Any,
            inputs: Batch,
            return_outputs: bool = False,
            num_items_in_batch: Any = None,
        ) -> Any:
            if job.loss is None:
                return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
            loss = job.loss(model, inputs)
            return (loss, {}) if return_outputs else loss

        def _get_train_sampler(self, *args: Any) -> Any:
            order = job.order
            return EpochOrder(order) if order else super()._get_train_sampler(*args)

    optimizer = AdamW(job.groups(model), weight_decay=args.weight_decay) if job.groups else None
    trainer = Tuner(
        model=model,
        args=args,
        train_dataset=job.rows[0],
        eval_dataset=job.rows[1],
        data_collator=job.collate,
        callbacks=[watch(run, job.options.patience, job.label)],
        optimizers=(optimizer, None),
    )
    if job.loss is not None:
        trainer.loss_is_scaled_for_ga = False  # it is a mean over the rows of one pass
    return trainer


class EpochOrder:
    """A sampler whose order is a function of the epoch, which the data loader sets."""

    def __init__(self, order: Callable[[int], Sequence[Any]]) -> None:
        """Begin with epoch 0."""
        self._order, self._epoch = order, 0

    def set_epoch(self, epoch: int) -> None:
        """Take the order of another epoch."""
        self._epoch = epoch

    def __iter__(self) -> Iterator[Any]:
        """Yield what the rows are asked for by."""
        return iter(self._order(self._epoch))

    def __len__(self) -> int:
        """Return how many rows an epoch has."""
        return len(self._order(0))


def arguments(job: Job, run: Path, fresh: bool) -> Any:
    """Return the TrainingArguments of a job; a fresh run validates first."""
    from transformers import TrainingArguments

    options = job.options
    steps = math.ceil(math.ceil(len(job.rows[0]) / options.batch_size) / options.accumulation)
    every = math.ceil(steps / options.evaluations)
    return TrainingArguments(
        output_dir=str(run),
        use_cpu=device() == "cpu",
        bf16=options.dtype == "bfloat16",
        fp16=options.dtype == "float16",
        per_device_train_batch_size=options.batch_size,
        per_device_eval_batch_size=job.validation_batch,
        gradient_accumulation_steps=options.accumulation,
        num_train_epochs=options.epochs,
        learning_rate=options.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=options.warmup,
        logging_steps=1,
        logging_nan_inf_filter=False,
        eval_strategy="steps",
        eval_steps=every,
        eval_on_start=fresh,
        save_strategy="steps",
        save_steps=every,
        metric_for_best_model="eval_loss",
        greater_is_better=False,
        prediction_loss_only=True,
        label_names=["labels"],
        remove_unused_columns=False,
        dataloader_pin_memory=device() == "cuda",
        disable_tqdm=True,
        report_to="none",
        seed=options.seed,
    )
