"""Work over many rows as shards: small units, each kept under the hash of what made it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import pandas as pd

from churnlens.engine.progress import track
from churnlens.engine.workers import compute
from churnlens.options import EngineOptions

Item = TypeVar("Item")
LOCAL = EngineOptions()


class Store(Protocol):
    """Where finished shards are kept."""

    def get(self, key: str) -> pd.DataFrame | None:
        """Return the shard of `key`, or None."""

    def put(self, key: str, frame: pd.DataFrame) -> None:
        """Keep `frame` as the shard of `key`."""


class RowStore(Store, Protocol):
    """A store that can be asked what it holds."""

    def keys(self, prefix: str) -> list[str]:
        """Return the keys that begin with `prefix`, in order."""


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
    engine: EngineOptions = LOCAL,
) -> pd.DataFrame:
    """Apply `work` to `items` in shards, skipping those that the store already has.

    Args:
        work: turns a shard of n items into a frame of n rows, in order; depends on nothing else.
        items: JSON-able units of work.
        store: where finished shards are kept.
        recipe: JSON-able description of `work` (model, revision, prompt): part of every key.
        size: items per shard; a kill costs at most one shard.
        label: name of the work in the progress lines, which count the shards to be computed.
        engine: who computes them.

    Returns:
        The frames of all shards, one below the other, in the order of `items`.

    Raises:
        ValueError: if `work` returns another number of rows than it was given.
    """
    shards = [items[start : start + size] for start in range(0, len(items), size)]
    keys = [content_key(list(recipe), list(shard)) for shard in shards]
    kept = {place: store.get(key) for place, key in enumerate(keys)}
    frames = {place: frame for place, frame in kept.items() if frame is not None}
    missing = [(place, shard) for place, shard in enumerate(shards) if place not in frames]
    for place, frame in track(compute(work, missing, engine), len(missing), label):
        if len(frame) != len(shards[place]):
            raise ValueError(f"{label}: got {len(frame)} rows for {len(shards[place])} items")
        store.put(keys[place], frame)
        frames[place] = frame
    ordered = [frames[place] for place in range(len(shards))]
    return pd.concat(ordered, ignore_index=True) if ordered else pd.DataFrame()


@dataclass(frozen=True)
class _Prefixed:
    """A store of rows that were all missing: every shard is new, and found again by its prefix."""

    store: Store
    prefix: str

    def get(self, key: str) -> None:
        """Return None."""

    def put(self, key: str, frame: pd.DataFrame) -> None:
        """Keep `frame` under the prefix."""
        self.store.put(f"{self.prefix}-{key}", frame)


def map_rows(
    work: Callable[[Sequence[Item]], pd.DataFrame],
    items: Sequence[Item],
    *,
    store: RowStore,
    recipe: Sequence[Any],
    size: int,
    label: str,
    engine: EngineOptions = LOCAL,
) -> pd.DataFrame:
    """Apply `work` to `items` as `map_shards` does, computing only rows that are not yet known.

    A changed row costs one row, wherever it stands; equal items are computed once.

    Args:
        work: as in `map_shards`; what it makes of an item depends on that item alone.
        items: JSON-able units of work.
        store: where finished shards are kept, each row with its `key`.
        recipe: JSON-able description of `work`.
        size: new items per shard; a kill costs at most one shard.
        label: name of the work in the progress lines.
        engine: who computes them.

    Returns:
        One row an item, in the order of `items`.
    """
    prefix = content_key("rows", list(recipe))[:16]
    known = [store.get(key) for key in store.keys(prefix)]
    have = {key for frame in known if frame is not None for key in frame["key"]}
    keys = [content_key(item) for item in items]
    missing = [(key, item) for key, item in zip(keys, items, strict=True) if key not in have]

    def keyed(shard: Sequence[tuple[str, Item]]) -> pd.DataFrame:
        return work([item for _, item in shard]).assign(key=[key for key, _ in shard])

    kept = _Prefixed(store, prefix)
    new = map_shards(
        keyed,
        list(dict(missing).items()),
        store=kept,
        recipe=recipe,
        size=size,
        label=label,
        engine=engine,
    )
    found = [frame for frame in (*known, new) if frame is not None and len(frame)]
    if not found:
        return pd.DataFrame()
    rows = pd.concat(found, ignore_index=True).drop_duplicates("key").set_index("key")
    return rows.loc[keys].reset_index(drop=True)
