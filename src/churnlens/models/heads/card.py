"""What a head was made of: enough to make it again, and to refuse it on another base."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from churnlens.models.heads.model import Pooling, pooling_of
from churnlens.models.heads.rows import HeadRow
from churnlens.models.loading import base_sha256, describe
from churnlens.models.training.card import AdapterCard, environment
from churnlens.options import HeadOptions


class HeadCard(AdapterCard):
    """Where a head comes from.

    Attributes:
        options: of the training.
        pooling: how tokens become a text, see `model`.
        scale: mean and deviation of the training labels of regression; 0 and 1 for classes.
        template_sha256: empty; a head has no template.
    """

    template_sha256: str = ""
    options: HeadOptions
    pooling: Pooling
    scale: tuple[float, float] = (0.0, 1.0)


def describe_head(
    model: Path, rows: tuple[list[HeadRow], list[HeadRow]], options: HeadOptions
) -> HeadCard:
    """Return the card of a training that has not run yet, without metrics."""
    base = describe(model)
    data = [[(row["input_ids"], row["label"]) for row in split] for split in rows]
    return HeadCard(
        base=base["base"],
        revision=base["revision"],
        licence=base["licence"],
        base_sha256=base_sha256(model),
        data_sha256=hashlib.sha256(json.dumps(data).encode()).hexdigest(),
        rows={"training": len(rows[0]), "validation": len(rows[1])},
        options=HeadOptions(**options.model_dump(include=set(HeadOptions.model_fields))),
        environment=environment(),
        pooling=pooling_of(model),
        scale=_scale(rows[0]) if options.kind == "regression" else (0.0, 1.0),
    )


def _scale(rows: list[HeadRow]) -> tuple[float, float]:
    """Return mean and deviation of the labels; a deviation of 1 where they are all the same."""
    labels = np.array([row["label"][0] for row in rows])
    deviation = float(labels.std())
    return float(labels.mean()), deviation if deviation > 0 else 1.0
