"""Writes that are either whole or absent: temporary sibling, fsync, replace; manifest last.

What is not covered: two writers of one path. The run lock in `churnlens.hooks` keeps runs apart.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kedro.io.core import AbstractDataset, DatasetError, parse_dataset_definition

MANIFEST = "manifest.json"
_TEMPORARY = ".tmp-"
_REPLACED = ".old-"
_STRAY = re.compile(r"\.(tmp|old)-[0-9a-f]{8}-(.+)")


def temporary_sibling(path: Path, prefix: str = _TEMPORARY) -> Path:
    """Return an unused name beside `path`, with the same suffix, that a sweep recognises."""
    return path.with_name(f"{prefix}{uuid.uuid4().hex[:8]}-{path.name}")


def sweep(root: Path) -> int:
    """Remove what killed writers left in the layers of data root `root`; return how many.

    A folder that was moved aside and not replaced is put back.
    Call it only while no one else writes there (`churnlens.hooks.run_lock`).
    """
    folders = (*root.glob("0*_*"), root / ".state")
    found = (path for folder in folders for path in folder.rglob(".*"))
    strays = {path: stray for path in found if (stray := _STRAY.fullmatch(path.name))}
    for path, stray in strays.items():
        place = path.with_name(stray[2])
        if stray[1] == "old" and not place.exists() and is_complete(path):
            os.replace(path, place)
            _fsync(place.parent)
        elif path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    return len(strays)


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace_file(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` make a file beside `path`, then put it in place in one step.

    The old file stays until the new one is on the disk; a failing `write` leaves nothing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_sibling(path)
    try:
        write(temporary)
        _fsync(temporary)
        os.replace(temporary, path)
        _fsync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def write_file(path: Path, data: bytes) -> None:
    """Write `data` to `path` atomically."""

    def write(temporary: Path) -> None:
        temporary.write_bytes(data)

    replace_file(path, write)


def sha256_of(path: Path) -> str:
    """Return the hex sha256 of a file, or of a folder's manifest."""
    target = path / MANIFEST if path.is_dir() else path
    with target.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_folder(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a folder beside `path`, add its manifest last, then put it in place.

    The manifest holds the sha256 of every file; a folder without one is torn. A kill leaves the
    old folder or the new one in place, or the old one aside, from where `sweep` puts it back.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_sibling(path)
    temporary.mkdir()
    try:
        write(temporary)
        files = sorted(file for file in temporary.rglob("*") if file.is_file())
        hashes = {file.relative_to(temporary).as_posix(): sha256_of(file) for file in files}
        for file in files:
            _fsync(file)
        write_file(temporary / MANIFEST, json.dumps({"files": hashes}, indent=1).encode())
        _put(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _put(folder: Path, path: Path) -> None:
    """Move `folder` to `path`; what was there stays whole beside it until that is done."""
    old = temporary_sibling(path, _REPLACED)
    if path.exists():
        os.replace(path, old)
    try:
        os.replace(folder, path)
    except OSError:
        if old.exists():
            os.replace(old, path)
        raise
    _fsync(path.parent)
    shutil.rmtree(old, ignore_errors=True)


def remove_folder(path: Path) -> None:
    """Remove a folder in one step: a kill leaves it whole, or a stray that a sweep removes."""
    temporary = temporary_sibling(path)
    os.replace(path, temporary)
    _fsync(path.parent)
    shutil.rmtree(temporary)


def is_complete(folder: Path) -> bool:
    """Whether `folder` has a whole manifest and every file that it names, each with its sha256."""
    try:
        hashes = dict(json.loads((folder / MANIFEST).read_bytes())["files"])
    except (FileNotFoundError, NotADirectoryError, ValueError, TypeError, KeyError):
        return False  # no manifest, or a torn one: what it named is not known
    return all((folder / name).is_file() for name in hashes) and all(
        sha256_of(folder / name) == value for name, value in hashes.items()
    )


class AtomicDataset(AbstractDataset[Any, Any]):
    """Makes any single-file dataset of kedro-datasets atomic.

    Example of a catalog entry::

        churn.table:
          type: churnlens.datasets.AtomicDataset
          filepath: data/03_primary/churn/table.parquet
          dataset: {type: pandas.ParquetDataset}
    """

    def __init__(
        self,
        *,
        filepath: str,
        dataset: str | dict[str, Any],
        optional: bool = False,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Wrap `dataset` (its type, or its configuration without `filepath`) at `filepath`.

        `optional` makes a file that does not exist load as None.
        """
        self._optional = optional
        self._filepath = Path(filepath)
        self._definition = {"type": dataset} if isinstance(dataset, str) else dict(dataset)
        self.metadata = metadata
        if hasattr(inner := self._inner(self._filepath), "preview"):
            self.preview = inner.preview  # Kedro-Viz reads its signature

    def _inner(self, path: Path) -> AbstractDataset[Any, Any]:
        kind, arguments = parse_dataset_definition({**self._definition, "filepath": str(path)})
        return kind(**arguments)

    def load(self) -> Any:
        """Load by the inner dataset; DatasetError when there is no file and must be one."""
        if not self._filepath.is_file():
            if self._optional:
                return None
            raise DatasetError(f"no file {self._filepath}; run the stage that makes it first")
        return self._inner(self._filepath).load()

    def save(self, data: Any) -> None:
        """Save by the inner dataset, whole or not at all."""
        replace_file(self._filepath, lambda temporary: self._inner(temporary).save(data))

    def _exists(self) -> bool:
        return self._filepath.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath), "dataset": self._definition}
