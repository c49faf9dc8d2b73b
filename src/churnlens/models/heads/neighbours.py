"""Tokens that stand near each other in a model's own embedding, for training rows with noise."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from churnlens.models.heads.rows import HeadRow

_NAMES = ("word_embeddings.weight", "embed_tokens.weight", "wte.weight")
_LEAST = 0.6  # cosine


def token_neighbours(
    model: Path, rows: Sequence[HeadRow], count: int = 3, least: float = _LEAST
) -> dict[int, list[int]]:
    """Return token → the nearest other tokens of the rows, at most `count`, the nearest first.

    Args:
        model: folder whose safetensors hold the embedding.
        rows: training rows; no token that they do not hold is ever put in.
        count: neighbours of a token.
        least: cosine below which a token is no neighbour.
    """
    tokens = np.unique([token for row in rows for token in row["input_ids"]])
    vectors = embedding(model)[tokens]
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors = vectors / np.where(norms > 0, norms, 1)
    found: dict[int, list[int]] = {}
    for place, vector in enumerate(vectors):
        cosine = vectors @ vector
        cosine[place] = -1
        near = [int(tokens[at]) for at in np.argsort(-cosine)[:count] if cosine[at] >= least]
        if near:
            found[int(tokens[place])] = near
    return found


def embedding(model: Path) -> np.ndarray:
    """Return a model's word embedding in float32, shape (vocabulary, width).

    Raises:
        ValueError: when no file of the folder holds one under a known name.
    """
    from safetensors import safe_open

    for path in sorted(model.glob("*.safetensors")):
        with safe_open(path, framework="pt") as file:
            for name in file.keys():  # noqa: SIM118, it is no mapping
                if name.endswith(_NAMES):
                    return np.asarray(file.get_tensor(name).float().numpy())
    raise ValueError(f"{model.name}: no word embedding; next: set synonyms to 0")
