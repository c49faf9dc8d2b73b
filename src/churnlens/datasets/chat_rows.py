"""Training rows as a folder that LLaMA-Factory reads as it is; for the forms see `chat_forms`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, get_args

from kedro.io.core import AbstractDataset, DatasetError

from churnlens.datasets.atomic import MANIFEST, is_complete, write_file, write_folder
from churnlens.datasets.chat_forms import (
    EMPTY,
    READERS,
    WRITERS,
    Form,
    Row,
    RowError,
    dataset_info,
    detect_format,
)
from churnlens.datasets.imported import INFO, Source, by_own_keys, items_of, sources
from churnlens.datasets.jsonl import Rows, dump_rows

Splits = dict[str, Rows]
_SHOWN = 10
_SPLIT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class ChatRowsDataset(AbstractDataset[Splits, Splits]):
    """Splits of training rows as a folder of `<split>.jsonl`, which LLaMA-Factory reads as it is.

    Example of a catalog entry::

        churn.training_rows:
          type: churnlens.datasets.chat_rows.ChatRowsDataset
          filepath: data/05_model_input/churn/rows
          form: messages
    """

    def __init__(
        self,
        *,
        filepath: str,
        form: Form = "messages",
        imported: bool = False,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Keep splits in the folder `filepath`.

        Rows are saved in `form` and loaded from any. An `imported` folder was made elsewhere: it
        needs no manifest, may hold JSON arrays and columns of other names (see
        `datasets.imported`), and is never written.
        """
        if form not in get_args(Form):
            raise DatasetError(f"form: got {str(form)[:40]!r}, expected one of {get_args(Form)}")
        self._filepath, self._form, self._imported = Path(filepath), form, imported
        self.metadata = metadata

    def load(self) -> Splits:
        """Return split → rows; a row without an id gets `<split>-<place>`.

        Raises:
            DatasetError: when the folder is absent or torn, or naming every row at fault.
        """
        found = self._sources()
        if not found:
            raise DatasetError(f"no <split>.jsonl in {self._filepath}; run the stage that makes it")
        if not self._exists():
            raise DatasetError(
                f"{self._filepath} is torn: expected every file as its {MANIFEST} names it; run "
                "the stage that makes it again (a folder made elsewhere needs `imported: true`)"
            )
        faults: list[str] = []
        splits = {split: _rows_of(source, faults) for split, source in found.items()}
        _stop_at(faults, self._filepath)
        return {
            split: [_named(row, f"{split}-{place}") for place, row in enumerate(rows, 1)]
            for split, rows in splits.items()
        }

    def save(self, data: Splits) -> None:
        """Write every split in the dataset's form with `dataset_info.json`, or nothing.

        Raises:
            DatasetError: naming every row that the form cannot hold.
        """
        if self._imported:
            raise DatasetError(f"{self._filepath} is imported; save to a folder of its own")
        wrong = [name[:20] for name, rows in data.items() if not (_SPLIT.fullmatch(name) and rows)]
        if wrong or not data:
            raise DatasetError(
                f"splits {wrong[:3]}: expected rows under names of letters, digits, - and _"
            )
        write, faults = WRITERS[self._form], list[str]()
        splits = {
            split: _convert(rows, write, f"{split}, row", faults) for split, rows in data.items()
        }
        _stop_at(faults, self._filepath)

        def fill(folder: Path) -> None:
            for split, rows in splits.items():
                write_file(folder / f"{split}.jsonl", dump_rows(rows))
            info = json.dumps(dataset_info(self._form, splits), indent=2)
            write_file(folder / INFO, info.encode("utf-8"))

        write_folder(self._filepath, fill)

    def _sources(self) -> dict[str, Source]:
        if self._imported:
            return sources(self._filepath)
        return {path.stem: Source(path) for path in sorted(self._filepath.glob("*.jsonl"))}

    def _exists(self) -> bool:
        if self._imported:
            return bool(self._sources())
        return is_complete(self._filepath)

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath), "form": self._form, "imported": self._imported}


def _named(row: Row, name: str) -> Row:
    """Return a row with an id, first: its own, or `name` where that is nothing."""
    given = row.get("id")
    return {"id": name, **row, **({"id": name} if given in EMPTY else {})}


def _rows_of(source: Source, faults: list[str]) -> Rows:
    items = items_of(source.path)
    kind = "line" if isinstance(items[0] if items else None, bytes) else "row"
    read = partial(_read, entry=source.entry)
    return _convert(items, read, f"{source.path.name}, {kind}", faults)


def _read(item: Any, entry: Mapping[str, Any] | None = None) -> Row | None:
    """Return the row of a line, or of an item of an array, in any form; None for an empty line."""
    if isinstance(item, bytes) and not item.strip():
        return None
    row = by_own_keys(_parsed(item) if isinstance(item, bytes) else item, entry)
    return READERS[detect_format(row)](row)


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise RowError("other bytes", "utf-8", "save the file as utf-8") from None
    except (ValueError, RecursionError):
        raise RowError("no JSON", "one JSON object", "write each row on one line") from None


def _convert(
    items: Iterable[Any], convert: Callable[[Any], Row | None], place: str, faults: list[str]
) -> Rows:
    """Return the rows that can be converted; add a fault for each of the others."""
    rows = []
    for number, item in enumerate(items, 1):
        try:
            rows += [_storable(row)] if (row := convert(item)) is not None else []
        except RowError as error:
            faults.append(f"{place} {number}: {error}")
    return rows


def _stop_at(faults: list[str], path: Path) -> None:
    if faults:
        more = [f"and {len(faults) - _SHOWN} more"] if len(faults) > _SHOWN else []
        listed = "\n".join(f"- {line}" for line in faults[:_SHOWN] + more)
        raise DatasetError(f"{path}: {len(faults)} rows are not chat rows:\n{listed}")


def _storable(row: Row) -> Row:
    """Return `row` itself when JSON and utf-8 can hold it."""
    try:
        json.dumps(row, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (TypeError, ValueError, RecursionError):
        raise RowError("a value that is not JSON, or half a character", "JSON", "mend it") from None
    return row
