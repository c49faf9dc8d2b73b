"""Rows side by side, with logits computed only where there is something to learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from churnlens.models.training.rows import IGNORED, EncodedRow


def collate(rows: Sequence[EncodedRow], pad: int) -> dict[str, Any]:
    """Return a batch for a causal language model of transformers.

    Rows are padded on the right. A token looks only to its left, so no real token sees padding
    and no attention mask is needed, which lets attention run in its fast causal form.

    Logits are wanted from the token before the first answer token on: with prompts four times as
    long as answers that is a fifth of the largest tensor of the whole step.

    Args:
        rows: at least one row with a prompt.
        pad: any token id.

    Returns:
        `input_ids` (n_rows, width), `labels` (n_rows, logits_to_keep), `logits_to_keep`, and
        `use_cache`, which is off.
    """
    import torch

    width = max(len(row.input_ids) for row in rows)
    first = min(_first_label(row) for row in rows)
    keep = width - first + 1
    ids = [[*row.input_ids, *[pad] * (width - len(row.input_ids))] for row in rows]
    labels = [[*row.labels, *[IGNORED] * (width - len(row.labels))][-keep:] for row in rows]
    return {
        "input_ids": torch.tensor(ids),
        "labels": torch.tensor(labels),
        "logits_to_keep": keep,
        "use_cache": False,
    }


def _first_label(row: EncodedRow) -> int:
    return next(i for i, label in enumerate(row.labels) if label != IGNORED)
