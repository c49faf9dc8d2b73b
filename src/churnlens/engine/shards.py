"""Work over many rows as shards: small units, each kept under the hash of what made it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import pandas as pd

from churnlens.engine.progress import track

Item = TypeVar("Item")


class Store(Protocol):
    """Where finished shards are kept."""

    def get(self, key: str) -> pd.DataFrame | None:
        """Return the shard of `key`, or None."""

    def put(self, key: str, frame: pd.DataFrame) -> None:
        """Keep `frame` as the shard of `key`."""


def content_key(*parts: Any) -> str:
    """Return a 32-digit hex key of JSON-able parts: the same content gives the same key."""
    text = json.dumps(parts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def map_shards(
    work: Callable[[Sequence[Item]], pd.DataFrame],
    items: Sequence[Item],
    *,
    store: Store,
    recipe: Sequence[Any],
    size: int,
    label: str,
) -> pd.DataFrame:
    """Apply `work` to `items` in shards, skipping those that the store already has.

    Args:
        work: turns a shard of n items into a frame of n rows, in order; depends on nothing else.
        items: JSON-able units of work.
        store: where finished shards are kept.
        recipe: JSON-able description of `work` (model, revision, prompt): part of every key.
        size: items per shard; a kill costs at most one shard.
        label: name of the work in the progress lines.

    Returns:
        The frames of all shards, one below the other, in the order of `items`.

    Raises:
        ValueError: if `work` returns another number of rows than it was given.
    """
    shards = [items[start : start + size] for start in range(0, len(items), size)]
    frames = []
    for shard in track(shards, len(shards), label):
        key = content_key(list(recipe), list(shard))
        frame = store.get(key)
        if frame is None:
            frame = work(shard)
            if len(frame) != len(shard):
                raise ValueError(f"{label}: got {len(frame)} rows for {len(shard)} items")
            store.put(key, frame)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
