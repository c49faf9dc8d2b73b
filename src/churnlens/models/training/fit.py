"""The training itself: transformers' Trainer on rows that are token ids already.

Why not TRL's SFTTrainer: with encoded rows all that it adds is a slower loss (it splits the logits
in chunks and logs entropies, 1.8 times the step on a CPU), adapters in bfloat16 on 4-bit weights
(a T4 has none), and silent dropping of rows. A test holds the losses of both equal.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from churnlens.models.loading import device, load_causal_lm
from churnlens.models.training.advice import suggestions
from churnlens.models.training.batches import collate
from churnlens.models.training.callbacks import watch
from churnlens.models.training.exhausted import memory_stage
from churnlens.models.training.gradients import check_gradients
from churnlens.models.training.rows import EncodedRow
from churnlens.options import TrainingOptions

Splits = tuple[Sequence[EncodedRow], Sequence[EncodedRow]]


def fit(
    path: Path,
    rows: Splits,
    pad: int,
    options: TrainingOptions,
    run: Path,
    resume: Path | None,
    label: str,
) -> None:
    """Train, leaving checkpoints in `run`.

    Args:
        path: folder of the base model.
        rows: training and validation.
        pad: token id that fills up short rows.
        options: see `TrainingOptions`.
        run: folder of the checkpoints.
        resume: checkpoint to go on from, or None.
        label: name of the work in the progress lines.

    Raises:
        MemoryExhaustedError, GradientError, DivergedError: see there.
    """
    from transformers import Trainer, set_seed
    from transformers.trainer_callback import PrinterCallback

    longest = max(len(row.input_ids) for split in rows for row in split)
    config = json.loads((path / "config.json").read_text(encoding="utf-8"))
    advice = suggestions(config, options, longest, device())

    class Tuner(Trainer):
        def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
            with memory_stage("validation", advice):
                return super().evaluate(*args, **kwargs)

    set_seed(options.seed)
    with memory_stage("loading the model", advice):
        model = load_for_training(path, options)
    with memory_stage("training", advice):
        if device() == "cuda":
            check_gradients(model, collate(rows[0][: options.batch_size], pad))
        trainer = Tuner(
            model=model,
            args=arguments(options, run, len(rows[0]), resume is None),
            train_dataset=list(rows[0]),
            eval_dataset=list(rows[1]),
            data_collator=partial(collate, pad=pad),
            callbacks=[watch(run, options.patience, label)],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train(resume_from_checkpoint=str(resume) if resume else None)


def load_for_training(path: Path, options: TrainingOptions) -> Any:
    """Return the model with what is to be trained in float32 and all else frozen."""
    from peft import LoraConfig, get_peft_model

    if options.method == "full":  # updates of bfloat16 weights would be rounded away
        model = load_causal_lm(path, "float32")
    else:
        config = LoraConfig(
            r=options.rank,
            lora_alpha=options.alpha,
            lora_dropout=options.dropout,
            target_modules="all-linear",
            task_type="CAUSAL_LM",
        )
        base = load_causal_lm(path, options.precision)
        model = get_peft_model(base, config)
    if options.gradient_checkpointing:
        model.activation_checkpointing_enable({"use_reentrant": False})
    return model.train()


def arguments(options: TrainingOptions, run: Path, rows: int, fresh: bool) -> Any:
    """Return the TrainingArguments for `rows` training rows; a fresh run validates first."""
    from transformers import TrainingArguments

    steps = math.ceil(math.ceil(rows / options.batch_size) / options.accumulation)
    every = math.ceil(steps / options.evaluations)
    return TrainingArguments(
        output_dir=str(run),
        use_cpu=device() == "cpu",
        bf16=options.dtype == "bfloat16",
        fp16=options.dtype == "float16",
        per_device_train_batch_size=options.batch_size,
        per_device_eval_batch_size=1,  # the mean over rows then has no weights by batch
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
