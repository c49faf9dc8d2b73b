"""Folders of training rows as others publish them, by what their `dataset_info.json` says.

The keys are those that LLaMA-Factory documents (`data/README.md` of its repository): `file_name`,
`formatting`, `columns` and `tags`. Entries without a file in the folder are passed over.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kedro.io.core import DatasetError

INFO = "dataset_info.json"
_MANIFEST = "manifest.json"
_KINDS = {".json", ".jsonl"}
_ALPACA = {"prompt": "instruction", "query": "input", "response": "output"}
_SAME = ("system", "history")
_TAGS = {"user_tag": "human", "assistant_tag": "gpt", "system_tag": "system"}


@dataclass(frozen=True)
class Source:
    """A file of rows, and its entry in `dataset_info.json`; None without one."""

    path: Path
    entry: Mapping[str, Any] | None = None


def sources(folder: Path) -> dict[str, Source]:
    """Return split → file: those that `dataset_info.json` names.

    Without it every `<split>.jsonl` is one, or where there is none every `<split>.json`.

    Raises:
        DatasetError: when `dataset_info.json` is no object of objects, or leads out of the folder.
    """
    if not (folder / INFO).is_file():
        files = sorted(folder.glob("*.jsonl")) or sorted(folder.glob("*.json"))
        return {path.stem: Source(path) for path in files if path.name != _MANIFEST}
    found = {}
    for split, entry in _read_info(folder / INFO).items():
        path = folder / str(entry.get("file_name", ""))
        if not path.resolve().is_relative_to(folder.resolve()):
            raise DatasetError(f"{folder / INFO}: {split[:40]} names a file outside of its folder")
        if path.is_file() and path.suffix in _KINDS:
            found[split] = Source(path, entry)
    return found


def _read_info(path: Path) -> dict[str, dict[str, Any]]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError:
        content = None
    if not isinstance(content, dict) or not all(isinstance(e, dict) for e in content.values()):
        raise DatasetError(
            f"{path}: expected an object with one object a split; next: mend it, or remove it to "
            "read every file by its own keys"
        )
    return content


def items_of(path: Path) -> list[Any]:
    """Return the rows of a JSON array, or the lines of any other file as bytes.

    Raises:
        DatasetError: when a file that begins as an array is none.
    """
    data = path.read_bytes()
    if not data.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"["):
        return data.split(b"\n")
    try:
        rows: list[Any] = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise DatasetError(f"{path}: begins as a JSON array and is none; next: mend it") from None
    return rows


def by_own_keys(row: Any, entry: Mapping[str, Any] | None) -> Any:
    """Return a row under the keys and roles of its form; what does not fit stays as it is."""
    if entry is None or not isinstance(row, dict):
        return row
    columns = _mapping(entry, "columns")
    if entry.get("formatting", "alpaca") == "sharegpt":
        names = {columns.get("messages", "conversations"): "conversations"}
        names |= {columns["system"]: "system"} if "system" in columns else {}
        renamed = _renamed(row, names)
        tags = _mapping(entry, "tags")
        return {**renamed, "conversations": _turns(renamed.get("conversations"), tags)}
    names = {columns.get(name, key): key for name, key in _ALPACA.items()}
    return _renamed(row, names | {columns.get(name, name): name for name in _SAME})


def _turns(turns: Any, tags: Mapping[str, str]) -> Any:
    if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
        return turns
    names = {tags.get("role_tag", "from"): "from", tags.get("content_tag", "value"): "value"}
    roles = {tags.get(tag, role): role for tag, role in _TAGS.items()}
    plain = [_renamed(turn, names) for turn in turns]
    return [turn | {"from": roles.get(str(turn.get("from")), turn.get("from"))} for turn in plain]


def _renamed(row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(key, key): value for key, value in row.items()}


def _mapping(entry: Mapping[str, Any], key: str) -> dict[str, str]:
    value = entry.get(key)
    return {str(k): str(v) for k, v in value.items()} if isinstance(value, dict) else {}
