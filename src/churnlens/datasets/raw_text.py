"""A text file as people export it, in any of five encodings; what is in it others find out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kedro.io.core import AbstractDataset, DatasetError

from churnlens.datasets.atomic import write_file
from churnlens.datasets.raw_table import read_text


class RawTextDataset(AbstractDataset[str, str]):
    """A whole text: utf-8, utf-8-sig, gbk, gb18030 or utf-16 in, utf-8 out."""

    def __init__(
        self,
        *,
        filepath: str | None,
        encoding: str | None = None,
        parameter: str = "",
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Read `filepath`.

        Args:
            filepath: the file; without one the text is empty.
            encoding: None finds it out, see `raw_table.read_text`.
            parameter: run-time parameter that names another file, for the message without one.
            metadata: of the catalog.
        """
        self._filepath = Path(filepath) if filepath is not None else None
        self._encoding = encoding
        self._parameter = parameter
        self.metadata = metadata

    def load(self) -> str:
        """Return the text; DatasetError names the missing file, or the line without an encoding."""
        if self._filepath is None:
            return ""
        if not self._filepath.is_file():
            step = f"give one with --params {self._parameter}=FILE, or " if self._parameter else ""
            raise DatasetError(
                f"no file {self._filepath}; {step}write demo data with `kedro demo-data`"
            )
        return read_text(self._filepath, self._encoding)

    def save(self, data: str) -> None:
        """Write the text as utf-8, whole or not at all."""
        if self._filepath is None:
            raise DatasetError("no file was named; expected `filepath` in the catalog")
        write_file(self._filepath, data.encode("utf-8"))

    def _exists(self) -> bool:
        return self._filepath is not None and self._filepath.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath), "encoding": self._encoding}
