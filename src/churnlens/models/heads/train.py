"""Train a head, and the model below it, from the last complete checkpoint if there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from churnlens.models.heads.batches import NoisyRows, class_weights, collate, epoch_order
from churnlens.models.heads.card import HeadCard, describe_head
from churnlens.models.heads.losses import row_losses
from churnlens.models.heads.model import (
    load_for_training,
    parameter_groups,
    says,
)
from churnlens.models.heads.neighbours import token_neighbours
from churnlens.models.heads.rows import HeadRow, Rows, shared, try_encode
from churnlens.models.loading import load_tokenizer, prepare
from churnlens.models.training.advice import suggestions
from churnlens.models.training.faults import stop_at
from churnlens.models.training.job import Job, run_job
from churnlens.models.training.outcome import keep_best, run_to_end
from churnlens.models.training.train import machine_faults
from churnlens.options import HeadOptions

_VALIDATION_BATCH = 64
Splits = tuple[list[HeadRow], list[HeadRow]]


@dataclass(frozen=True)
class TrainedHead:
    """A tuned head.

    Attributes:
        folder: the best one by validation loss, with tokenizer and card; for `Scorer` and for
            `datasets.AdapterDataset`.
        card: what it was made of, and how well it went.
        history: one row per step and validation, as of `training.train`.
    """

    folder: Path
    card: HeadCard
    history: list[dict[str, Any]]


def train_head(
    training: Rows,
    validation: Rows,
    *,
    model: Path,
    options: HeadOptions,
    checkpoints: Path,
    label: str = "train head",
) -> TrainedHead:
    """Train until the validation loss no longer falls, and return the best head.

    Checkpoints are kept and gone on from as in `training.train`. With `balance: weights` the
    validation rows are weighted as the training rows are, so that both losses are of one kind.

    Args:
        training: rows to learn from, see `rows`.
        validation: other rows, which decide what is best and when to stop.
        model: folder of an encoder or language model.
        options: see `HeadOptions`.
        checkpoints: folder for the checkpoints of any number of trainings.
        label: name of the work in the progress lines.

    Raises:
        TrainingError: before any weights are read, with all faults of rows, options and machine.
        ModelError: when the base model is absent, unsafe or damaged.
        MemoryExhaustedError: naming stage, peak and what to change.
    """
    prepare(model)
    tokenizer = load_tokenizer(model)
    rows = encode_splits(training, validation, tokenizer, options)
    card = describe_head(model, rows, options)
    run, state = run_to_end(
        card,
        checkpoints,
        label,
        lambda run, last: run_job(head_job(model, tokenizer, rows, card, label), run, last),
    )
    best = keep_best(run, state, card, tokenizer)
    return TrainedHead(best.folder, HeadCard(**best.card.model_dump()), best.history)


def encode_splits(training: Rows, validation: Rows, tokenizer: Any, options: HeadOptions) -> Splits:
    """Encode both splits; TrainingError tells all that is wrong with rows and machine at once."""
    first, faults = try_encode(training, tokenizer, options)
    second, more = try_encode(validation, tokenizer, options)
    stop_at([*faults, *more, *shared(first, second)], machine_faults(options))
    return first, second


def head_job(model: Path, tokenizer: Any, rows: Splits, card: HeadCard, label: str) -> Job:
    """Return the training of a head; numbers of regression are scaled by the card."""
    options = card.options
    training, validation = ([_scaled(row, card) for row in split] for split in rows)
    drawn = class_weights(training) if options.balance == "sampling" else None
    weighted = class_weights(training) if options.balance == "weights" else None
    order = partial(epoch_order, training, drawn, options.batch_size, options.seed)
    noisy = noise(training, model, tokenizer, options)
    return Job(
        load=lambda: load_for_training(model, options),
        rows=(noisy or training, validation),
        collate=partial(collate, token=tokenizer.pad_token_id, weights=weighted),
        options=options,
        advice=suggestions({}, options, options.max_length, "cpu", shorter="a shorter max_length"),
        label=label,
        loss=partial(batch_loss, options=options, pooling=card.pooling),
        groups=partial(parameter_groups, options=options),
        validation_batch=_VALIDATION_BATCH,
        order=(lambda epoch: [(at, epoch) for at in order(epoch)]) if noisy else order,
    )


def batch_loss(model: Any, batch: dict[str, Any], options: HeadOptions, pooling: Any) -> Any:
    """Return the weighted mean loss of a batch; labels are smoothed in training only."""
    smoothing = options.label_smoothing if model.training else 0
    losses = row_losses(says(model, batch, pooling), batch["labels"], options.kind, smoothing)
    return (losses * batch["weights"]).mean()


def noise(
    rows: Sequence[HeadRow], model: Path, tokenizer: Any, options: HeadOptions
) -> NoisyRows | None:
    """Return the rows with the noise of the options; None where these want none."""
    shares = (options.masking, options.synonyms)
    if not any(shares):
        return None
    near = token_neighbours(model, rows) if options.synonyms else {}
    mask = tokenizer.mask_token_id
    mask = tokenizer.unk_token_id if mask is None else mask
    mask = tokenizer.pad_token_id if mask is None else mask
    special = frozenset(tokenizer.all_special_ids)
    return NoisyRows(rows, shares, mask, near, special, options.seed)


def _scaled(row: HeadRow, card: HeadCard) -> HeadRow:
    mean, deviation = card.scale
    label = tuple((each - mean) / deviation for each in row["label"])
    return HeadRow(key=row["key"], input_ids=row["input_ids"], label=label)
