"""The rows of an epoch, their order, and rows side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from churnlens.models.heads.rows import HeadRow

_POOL = 16  # batches among which rows are sorted by length


def pad(rows: Sequence[Sequence[int]], token: int) -> dict[str, Any]:
    """Return `input_ids` and `attention_mask`, shape (n, longest), filled up on the right."""
    import torch

    width = max(len(row) for row in rows)
    ids = torch.tensor([[*row, *[token] * (width - len(row))] for row in rows])
    lengths = torch.tensor([len(row) for row in rows])
    return {"input_ids": ids, "attention_mask": (torch.arange(width) < lengths[:, None]).long()}


def collate(
    rows: Sequence[HeadRow], token: int, weights: np.ndarray | None = None
) -> dict[str, Any]:
    """Return a batch: padded ids, `labels` (n, k or 1), and `weights` (n,) of each row's loss."""
    import torch

    labels = torch.tensor([row["label"] for row in rows], dtype=torch.float32)
    of_rows = torch.ones(len(rows))
    if weights is not None:  # of the classes
        of_rows = labels @ torch.tensor(weights, dtype=torch.float32)
    return {**pad([row["input_ids"] for row in rows], token), "labels": labels, "weights": of_rows}


def class_weights(rows: Sequence[HeadRow]) -> np.ndarray:
    """Return a weight for each class so that all weigh the same together, and a row 1 on average.

    A class that no row has keeps weight 1.
    """
    counts = np.sum([row["label"] for row in rows], axis=0)
    seen = counts > 0
    return np.where(seen, len(rows) / (seen.sum() * np.where(seen, counts, 1)), 1.0)


def epoch_order(
    rows: Sequence[HeadRow], weights: np.ndarray | None, batch: int, seed: int, epoch: int
) -> list[int]:
    """Return the places of the rows of an epoch, so that a batch holds texts of about one length.

    Args:
        rows: n training rows.
        weights: how often each class is drawn; None takes every row once.
        batch: rows of a batch.
        seed: of the training.
        epoch: from 0.
    """
    rng = np.random.default_rng((seed, epoch))
    n = len(rows)
    if weights is not None:
        chance = np.array([row["label"] for row in rows]) @ weights
        places = rng.choice(n, size=n, p=chance / chance.sum())
    else:
        places = rng.permutation(n)
    lengths = np.array([len(row["input_ids"]) for row in rows])
    pools = [places[at : at + _POOL * batch] for at in range(0, n, _POOL * batch)]
    sorted_ = np.concatenate([pool[np.argsort(lengths[pool], kind="stable")] for pool in pools])
    whole = n // batch * batch
    batches = sorted_[:whole].reshape(-1, batch)
    return [*map(int, rng.permutation(batches).ravel()), *map(int, sorted_[whole:])]


class NoisyRows:
    """Training rows with some tokens masked or replaced, in every epoch others.

    A row is asked for by its place and the epoch. What it looks like depends on these two and the
    seed alone, so that a resumed training sees the same.
    """

    def __init__(
        self,
        rows: Sequence[HeadRow],
        shares: tuple[float, float],
        mask: int,
        neighbours: Mapping[int, Sequence[int]],
        special: frozenset[int],
        seed: int,
    ) -> None:
        """Take the shares of tokens to mask and to replace, and what stands for each."""
        self._rows, self._shares, self._mask = rows, shares, mask
        self._neighbours, self._special = neighbours, special
        self._seed = seed

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._rows)

    def __getitem__(self, at: tuple[int, int]) -> HeadRow:
        """Return the row at a place as it is in an epoch."""
        place, epoch = at
        row = self._rows[place]
        rng = np.random.default_rng((self._seed, epoch, place))
        draws = rng.random((2, len(row["input_ids"])))
        ids = [
            self._changed(token, draw, rng)
            for token, draw in zip(row["input_ids"], draws.T, strict=True)
        ]
        return HeadRow(key=row["key"], input_ids=ids, label=row["label"])

    def _changed(self, token: int, draw: np.ndarray, rng: np.random.Generator) -> int:
        if token in self._special:
            return token
        if draw[0] < self._shares[0]:
            return self._mask
        near = self._neighbours.get(token, ())
        if near and draw[1] < self._shares[1]:
            return int(rng.choice(near))
        return token
