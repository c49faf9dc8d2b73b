"""Seeded draws and the declared logistic terms that every simulator of this room uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np
import pandas as pd

T = TypeVar("T")

_BLOCK = 4096


def streams(seed: int, *names: str) -> dict[str, np.random.Generator]:
    """Return one independent generator per name, so that a change of one part moves no other."""
    spawned = np.random.SeedSequence(seed).spawn(len(names))
    return {name: np.random.default_rng(child) for name, child in zip(names, spawned, strict=True)}


class Draw:
    """Scalar draws out of a generator, taken in blocks because single draws are slow."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._uniforms = self._blocks(rng)

    @staticmethod
    def _blocks(rng: np.random.Generator) -> Iterator[float]:
        while True:
            yield from rng.random(_BLOCK).tolist()

    def chance(self, probability: float) -> bool:
        """Return True with that probability."""
        return next(self._uniforms) < probability

    def below(self, limit: int) -> int:
        """Return a whole number of 0 … limit - 1, all equally likely."""
        return int(next(self._uniforms) * limit)

    def pick(self, options: Sequence[T]) -> T:
        """Return one option, all equally likely."""
        return options[int(next(self._uniforms) * len(options))]

    def weighted(self, options: Mapping[T, float]) -> T:
        """Return one option, with odds that add up to one."""
        left = next(self._uniforms)
        for option, share in options.items():
            left -= share
            if left < 0:
                return option
        return option

    def noise(self, spread: float) -> float:
        """Return a number around 0 with that standard deviation, never beyond three of them.

        A sum of uniforms: nearly normal, and the same bits on every machine.
        """
        total = next(self._uniforms) + next(self._uniforms) + next(self._uniforms)
        return (total - 1.5) * 2 * spread

    def digits(self, count: int) -> str:
        """Return that many decimal digits."""
        return "".join(str(self.below(10)) for _ in range(count))


def holds(table: pd.DataFrame, condition: str) -> np.ndarray:
    """Return where ``Column=value`` holds (boolean, shape (n_rows,))."""
    column, _, value = condition.partition("=")
    return (table[column] == value).to_numpy(bool)


def log_odds(table: pd.DataFrame, odds_ratios: Mapping[str, float]) -> np.ndarray:
    """Sum the log odds ratios of the ``Column=value`` conditions that hold in each row."""
    total = np.zeros(len(table))
    for condition, ratio in odds_ratios.items():
        if ratio != 1.0:
            total += np.log(ratio) * holds(table, condition)
    return total


def probability(logit: np.ndarray) -> np.ndarray:
    """Return the probability that belongs to a logit."""
    return 1.0 / (1.0 + np.exp(-logit))
