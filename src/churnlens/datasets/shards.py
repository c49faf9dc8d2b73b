"""A content-addressed store for the units of a long job."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import pandas as pd
from kedro.io.core import AbstractDataset, DatasetError

from churnlens.datasets.atomic import replace_file


class ShardStore:
    """Finished units of a job as Parquet files named by the hash of what made them.

    A unit that is there is whole, and is never computed again; a unit that is not there costs one
    unit of work. Nothing is ever changed in place, so any number of readers is safe.
    """

    def __init__(self, folder: Path) -> None:
        """Keep shards in `folder`."""
        self.folder = folder

    def get(self, key: str) -> pd.DataFrame | None:
        """Return the shard of `key`, or None."""
        path = self._path(key)
        return pd.read_parquet(path) if path.is_file() else None

    def put(self, key: str, frame: pd.DataFrame) -> None:
        """Keep `frame` as the shard of `key`."""
        replace_file(self._path(key), lambda temporary: frame.to_parquet(temporary, index=False))

    def keys(self, prefix: str) -> list[str]:
        """Return the keys that begin with `prefix`, in order."""
        return sorted(path.stem for path in self.folder.glob(f"{prefix}*.parquet"))

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.parquet"


class ShardStoreDataset(AbstractDataset[NoReturn, ShardStore]):
    """Gives a node its shard store: a cache that is always there, and never an output."""

    def __init__(self, *, path: str, metadata: dict[str, Any] | None = None) -> None:
        """Keep shards under the folder `path`."""
        self._path = Path(path)
        self.metadata = metadata

    def load(self) -> ShardStore:
        """Return the store."""
        return ShardStore(self._path)

    def save(self, data: NoReturn) -> NoReturn:
        """Refuse: a node writes single shards through the store that it loaded."""
        raise DatasetError("a shard store is an input; call `put` on the store instead")

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}


class WorkFolderDataset(AbstractDataset[NoReturn, Path]):
    """Gives a node a folder for work in progress, from which a stopped run goes on."""

    def __init__(self, *, path: str, metadata: dict[str, Any] | None = None) -> None:
        """Give the folder `path`, which need not be there."""
        self._path = Path(path)
        self.metadata = metadata

    def load(self) -> Path:
        """Return the folder."""
        return self._path

    def save(self, data: NoReturn) -> NoReturn:
        """Refuse: what is done goes to a dataset of its own."""
        raise DatasetError("a work folder is an input; save what is done to another dataset")

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}
