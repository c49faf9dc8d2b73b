"""Tune a language model on rows, from the last complete checkpoint if there is one."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from churnlens.models.loading import device, has_bfloat16, load_tokenizer, prepare
from churnlens.models.training.card import describe_training
from churnlens.models.training.faults import stop_at
from churnlens.models.training.fit import fit
from churnlens.models.training.outcome import Trained, keep_best, run_to_end
from churnlens.models.training.rows import EncodedRow, same_ids, shared, try_encode
from churnlens.options import TrainingOptions

Rows = Sequence[Mapping[str, Any]]
__all__ = ["Rows", "Trained", "check_rows", "encode_splits", "machine_faults", "train"]


def train(
    training: Rows,
    validation: Rows,
    *,
    model: Path,
    options: TrainingOptions,
    checkpoints: Path,
    label: str = "train",
) -> Trained:
    """Train on rows until the validation loss no longer falls, and return the best model.

    The checkpoints of a training lie in a folder named by its base, template, rows, options and
    library versions. The same call goes on where a killed one stopped, with the same losses; a
    finished one returns at once; a call with anything changed starts anew.

    Args:
        training: rows of messages to learn from, see `rows`.
        validation: other rows, which decide what is best and when to stop.
        model: folder of the base model.
        options: see `TrainingOptions`.
        checkpoints: folder for the checkpoints of any number of trainings.
        label: name of the work in the progress lines.

    Raises:
        TrainingError: before any weights are read, with all faults of rows, options and machine.
        ModelError: when the base model is absent, unsafe or damaged.
        MemoryExhaustedError: naming stage, peak and what to change.
    """
    prepare(model)
    tokenizer = load_tokenizer(model)
    rows = encode_splits(training, validation, tokenizer, options, _context(model))
    card = describe_training(model, tokenizer, *rows, options)
    run, state = run_to_end(
        card,
        checkpoints,
        label,
        lambda run, last: fit(model, rows, tokenizer.pad_token_id, options, run, last, label),
    )
    return keep_best(run, state, card, tokenizer)


def encode_splits(
    training: Rows,
    validation: Rows,
    tokenizer: Any,
    options: TrainingOptions,
    context: float = math.inf,
) -> tuple[list[EncodedRow], list[EncodedRow]]:
    """Encode both splits; TrainingError tells all that is wrong with rows and machine at once.

    A row may have `max_length` tokens, but no more than the `context` that the base was made for.
    """
    encoded, faults = [], []
    for rows in (training, validation):
        split, found = try_encode(rows, tokenizer, int(min(options.max_length, context)))
        encoded.append(split)
        faults += found
    twice = dict.fromkeys([*same_ids(training, validation), *shared(*encoded)])
    stop_at([*faults, *twice], machine_faults(options))
    return encoded[0], encoded[1]


def check_rows(training: Rows, validation: Rows, model: Path, options: TrainingOptions) -> None:
    """Check rows, options and machine as `train` does, without training.

    Raises:
        TrainingError, ModelError: as of `train`.
    """
    prepare(model)
    encode_splits(training, validation, load_tokenizer(model), options, _context(model))


def _context(model: Path) -> float:
    """Return how many tokens a model was made to read, infinity where its config does not say."""
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    return float(config.get("max_position_embeddings") or math.inf)


def machine_faults(options: TrainingOptions) -> list[str]:
    """Say which options this machine cannot keep, and what to set instead."""
    found = []
    if device() == "cpu" and options.method == "qlora":
        found.append(
            "method qlora needs a GPU: on a CPU one validation repacks the 4-bit weights, and "
            "every later gradient is wrong at a loss that looks right. Next: method lora"
        )
    if device() == "cpu" and options.dtype == "float16":
        found.append("dtype float16 is for a GPU. Next: bfloat16, or float32 for exact results")
    if device() == "cuda" and options.dtype == "bfloat16" and not has_bfloat16():
        found.append("this GPU has no bfloat16. Next: dtype float16")
    return found
