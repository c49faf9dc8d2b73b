"""Settings and run-time parameters that nothing reads: slips of the pen, told before the run."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from churnlens.options import OptionsError

BY_CODE = frozenset({"memory_gib"})  # read by a command, not by a file of the configuration
_SETTING = re.compile(r"\$\{globals:\s*([A-Za-z0-9_.]+)")
_PARAMETER = re.compile(r"\$\{runtime_params:\s*([A-Za-z0-9_.]+)")
_SHOWN = 10


def refuse_unread(settings: Mapping[str, Any], folders: Collection[Path]) -> None:
    """Refuse settings that no file of the configuration takes.

    Args:
        settings: what `globals` holds, base and environment together.
        folders: of the configuration; without any file in them nothing is checked.

    Raises:
        OptionsError: naming every such setting, and the nearest one that is read.
    """
    files = _files(folders)
    if files:
        _refuse(_paths(settings), BY_CODE.union(_named(files, _SETTING)), "globals.yml", "")


def refuse_unread_parameters(given: Mapping[str, Any], folders: Collection[Path]) -> None:
    """Refuse run-time parameters (`--params`) that no file of the configuration takes.

    A name is taken where a file refers to it, or as an option of a stage: `churn.finetuning.rank`.

    Args:
        given: the run-time parameters.
        folders: of the configuration; without any file in them nothing is checked.

    Raises:
        OptionsError: naming every such parameter, and the nearest one that is taken.
    """
    files = _files(folders)
    if files:
        read = {*_named(files, _PARAMETER), *_stages(files)}
        hint = ", or name an option of a stage in full, such as churn.finetuning.rank"
        _refuse(_paths(given), read, "--params", hint)


def _files(folders: Collection[Path]) -> list[Path]:
    return [path for folder in folders for path in sorted(folder.rglob("*.yml"))]


def _named(files: Collection[Path], reference: re.Pattern[str]) -> set[str]:
    return set().union(*(reference.findall(path.read_text("utf-8")) for path in files))


def _stages(files: Collection[Path]) -> set[str]:
    """Return `task.stage` of every block of options in the files of parameters."""
    texts = (path.read_text("utf-8") for path in files if path.name.startswith("parameters"))
    return {
        f"{task}.{stage}"
        for text in texts
        for task, stages in (yaml.safe_load(text) or {}).items()
        for stage in stages
    }


def _refuse(paths: Iterator[str], read: Collection[str], place: str, hint: str) -> None:
    lines = [
        f"{path}: got a setting that nothing reads; {_step(path, read) or f'next: remove it{hint}'}"
        for path in paths
        if not _is_read(path, read)
    ]
    more = [f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    if lines:
        raise OptionsError(f"{place}:\n" + "\n".join(lines[:_SHOWN] + more))


def _paths(settings: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for name, value in settings.items():
        if isinstance(value, Mapping) and value:
            yield from _paths(value, f"{above}{name}.")
        else:
            yield f"{above}{name}"


def _is_read(path: str, read: Collection[str]) -> bool:
    """Whether a setting is read itself, or as part of a block that is."""
    parts = path.split(".")
    return any(".".join(parts[:n]) in read for n in range(1, len(parts) + 1))


def _step(path: str, read: Collection[str]) -> str:
    close = get_close_matches(path, sorted(read), n=1, cutoff=0.6)
    return f"next: write {close[0]}" if close else ""
