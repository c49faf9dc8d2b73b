"""Settings of `globals.yml` that nothing reads: slips of the pen, told before they are believed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from churnlens.options import OptionsError

BY_CODE = frozenset({"memory_gib"})  # read by a command, not by a file of the configuration
_REFERENCE = re.compile(r"\$\{globals:\s*([A-Za-z0-9_.]+)")
_SHOWN = 10


def refuse_unread(settings: Mapping[str, Any], folders: Collection[Path]) -> None:
    """Refuse settings that no file of the configuration takes.

    Args:
        settings: what `globals` holds, base and environment together.
        folders: of the configuration; without any file in them nothing is checked.

    Raises:
        OptionsError: naming every such setting, and the nearest one that is read.
    """
    files = [path for folder in folders for path in sorted(folder.rglob("*.yml"))]
    read = BY_CODE.union(*(_REFERENCE.findall(path.read_text("utf-8")) for path in files))
    unread = [path for path in _paths(settings) if not _is_read(path, read)] if files else []
    if unread:
        lines = [
            f"{path}: got a setting that nothing reads; {_step(path, read)}" for path in unread
        ]
        more = [f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
        raise OptionsError("globals.yml:\n" + "\n".join(lines[:_SHOWN] + more))


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
    return f"next: write {close[0]}" if close else "next: remove it"
