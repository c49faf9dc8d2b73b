"""Rows of JSON, one object a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kedro.io.core import AbstractDataset, DatasetError
from kedro_datasets._typing import JSONPreview

from churnlens.datasets.atomic import write_file

Rows = list[dict[str, Any]]


def dump_rows(rows: Rows) -> bytes:
    """Return rows as utf-8 JSON lines; non-ASCII characters stay readable."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode("utf-8")


class JSONLinesDataset(AbstractDataset[Rows, Rows]):
    """A list of mappings as JSON lines (utf-8), written atomically.

    Unlike ``pandas.JSONDataset`` it keeps integers beside nulls and nested values as they are.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        """Keep rows at `filepath`."""
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> Rows:
        """Return the rows; DatasetError names the first line that is not JSON."""
        if not self._filepath.is_file():
            raise DatasetError(f"no file {self._filepath}; run the stage that makes it first")
        rows = []
        # Not splitlines(): it would also split at characters that JSON leaves as they are.
        for number, line in enumerate(self._filepath.read_text("utf-8-sig").split("\n"), 1):
            try:
                rows += [json.loads(line)] if line.strip() else []
            except json.JSONDecodeError as error:
                raise DatasetError(
                    f"{self._filepath}, line {number}: not JSON ({error.msg} at column "
                    f"{error.colno}); expected one JSON object a line"
                ) from None
        return rows

    def save(self, data: Rows) -> None:
        """Write all rows, or none."""
        write_file(self._filepath, dump_rows(data))

    def preview(self, nrows: int = 5) -> JSONPreview:
        """Return the first rows for Kedro-Viz."""
        return JSONPreview(json.dumps(self.load()[:nrows], ensure_ascii=False))

    def _exists(self) -> bool:
        return self._filepath.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
