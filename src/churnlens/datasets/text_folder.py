"""A folder of small text files that belong together, such as a handbook, as one dataset."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, NoReturn

from kedro.io.core import AbstractDataset, DatasetError

from churnlens.datasets.raw_table import read_text


class TextFolderDataset(AbstractDataset[NoReturn, dict[str, str]]):
    """Path inside the folder → text of every file that a pattern names; never written.

    Example of a catalog entry::

        service_book:
          type: churnlens.datasets.TextFolderDataset
          path: conf/base/service
    """

    def __init__(
        self, *, path: str, pattern: str = "**/*.*", metadata: dict[str, Any] | None = None
    ) -> None:
        """Read the files of the folder `path` that the glob `pattern` names."""
        self._path, self._pattern = Path(path), pattern
        self.metadata = metadata

    def load(self) -> dict[str, str]:
        """Return the texts by path, sorted; DatasetError when there is none."""
        if not (files := self._files()):
            raise DatasetError(f"no {self._pattern} in {self._path}; expected text files there")
        return {path.relative_to(self._path).as_posix(): read_text(path) for path in files}

    def save(self, data: NoReturn) -> NoReturn:
        """Refuse: people write these files."""
        raise DatasetError(f"{self._path} is written by people; edit its files instead")

    def fingerprint(self) -> str:
        """Return the sha256 of names and contents; empty without a file."""
        files = self._files()
        names = [path.relative_to(self._path).as_posix() for path in files]
        hashes = [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]
        found = json.dumps(list(zip(names, hashes, strict=True)))
        return hashlib.sha256(found.encode()).hexdigest() if files else ""

    def _files(self) -> list[Path]:
        return sorted(path for path in self._path.glob(self._pattern) if path.is_file())

    def _exists(self) -> bool:
        return bool(self._files())

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path), "pattern": self._pattern}
