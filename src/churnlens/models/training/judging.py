"""How well a tuned model foresees each row of the validation split."""

from __future__ import annotations

from pathlib import Path

from churnlens.models.loading import load_tokenizer, load_tuned, prepare
from churnlens.models.training.batches import collate
from churnlens.models.training.rows import encode_rows
from churnlens.models.training.train import Rows
from churnlens.options import TrainingOptions


def row_losses(model: Path, tuned: Path, rows: Rows, options: TrainingOptions) -> list[float]:
    """Return the mean loss over the answer tokens of each row, in nats, in the order of the rows.

    Args:
        model: folder of the base model.
        tuned: folder of the adapter or tuned model, by `train`.
        rows: of messages.
        options: those of the training; the base is read in its precision.

    Raises:
        TrainingError: for rows that cannot be learned from.
        ModelError: when a folder is damaged, or `tuned` is of another base.
    """
    import torch

    prepare(model)
    tokenizer = load_tokenizer(model)
    encoded = encode_rows(rows, tokenizer, options.max_length)
    loaded = load_tuned(model, tuned, options.precision)
    losses = []
    with torch.inference_mode():
        for row in encoded:
            batch = collate([row], tokenizer.pad_token_id)
            there = {k: v.to(loaded.device) if hasattr(v, "to") else v for k, v in batch.items()}
            losses.append(float(loaded(**there).loss))
    return losses
