"""The training itself: transformers' Trainer on rows that are token ids already.

Why not TRL's SFTTrainer: with encoded rows all that it adds is a slower loss (it splits the logits
in chunks and logs entropies, 1.8 times the step on a CPU), adapters in bfloat16 on 4-bit weights
(a T4 has none), and silent dropping of rows. A test holds the losses of both equal.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from churnlens.models.loading import device, load_causal_lm
from churnlens.models.training.advice import suggestions
from churnlens.models.training.batches import collate
from churnlens.models.training.job import Job, run_job
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
    """Train a language model, leaving checkpoints in `run`.

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
    longest = max(len(row.input_ids) for split in rows for row in split)
    config = json.loads((path / "config.json").read_text(encoding="utf-8"))
    job = Job(
        load=lambda: load_for_training(path, options),
        rows=(list(rows[0]), list(rows[1])),
        collate=partial(collate, pad=pad),
        options=options,
        advice=suggestions(config, options, longest, device()),
        label=label,
    )
    run_job(job, run, resume)


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
