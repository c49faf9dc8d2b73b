"""Checkpoints that are known to be whole: the file that says so is written last.

transformers writes straight into `checkpoint-<step>` and resumes from the highest step, whole or
not. Here a checkpoint counts only when its manifest names every file with its sha256, and when the
best checkpoint that it remembers is whole too.
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
from pathlib import Path
from typing import Any

from churnlens.datasets.atomic import MANIFEST, sha256_of, write_file

logger = logging.getLogger(__name__)
STATE = "trainer_state.json"
_PREFIX = "checkpoint-"
_STEP = re.compile(rf"{_PREFIX}[0-9]+")
_PICKLED = "training_args.bin"  # holds machine paths, and nothing reads it


def path_of(run: Path, step: int) -> Path:
    """Return the folder of the checkpoint after `step` optimizer steps."""
    return run / f"{_PREFIX}{step}"


def seal(checkpoint: Path) -> None:
    """Put every file on the disk, then write the manifest that makes the checkpoint count."""
    (checkpoint / _PICKLED).unlink(missing_ok=True)
    (checkpoint / MANIFEST).unlink(missing_ok=True)
    files = sorted(path for path in checkpoint.rglob("*") if path.is_file())
    for path in files:
        with path.open("rb") as stream:
            os.fsync(stream.fileno())
    hashes = {path.relative_to(checkpoint).as_posix(): sha256_of(path) for path in files}
    write_file(checkpoint / MANIFEST, json.dumps({"files": hashes}, indent=1).encode())


def why_torn(checkpoint: Path, needed: str | None = None) -> str:
    """Say why a sealed folder is not as it was; empty when it is whole and has the file needed."""
    try:
        manifest = json.loads((checkpoint / MANIFEST).read_text(encoding="utf-8"))
        hashes = dict(manifest["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return f"no whole {MANIFEST}"
    if needed and needed not in hashes:
        return f"{MANIFEST} does not name {needed}"
    for name, expected in hashes.items():
        path = checkpoint / name
        if not path.is_file() or sha256_of(path) != expected:
            return f"{name} is not as written"
    return ""


def read_state(checkpoint: Path) -> dict[str, Any]:
    """Return what the trainer knew at a checkpoint: steps, losses, the best step so far."""
    state: dict[str, Any] = json.loads((checkpoint / STATE).read_text(encoding="utf-8"))
    return state


def last_complete(run: Path) -> Path | None:
    """Return the newest checkpoint that training can go on from, or None.

    Those that it cannot go on from are named in the log and removed; training makes them again.
    """
    found = _found(run)[::-1]
    torn = {path.name: why for path in found if (why := why_torn(path, STATE))}
    chosen = None
    for path in found:
        if path.name not in torn:
            best = path_of(run, read_state(path).get("best_global_step") or _step(path))
            if best.is_dir() and best.name not in torn:
                chosen = path
                break
            torn[path.name] = f"its best checkpoint, {best.name}, is not whole"
    for name, why in torn.items():
        logger.warning("%s is not resumed from: %s", name, why)
        shutil.rmtree(run / name)
    return chosen


def prune(run: Path) -> None:
    """Keep the two newest checkpoints with the best that each remembers; remove all others."""
    found = _found(run)
    keep = {_step(path) for path in found[-2:]}
    keep |= {read_state(path)["best_global_step"] or 0 for path in found[-2:]}
    for path in found:
        if _step(path) not in keep:
            (path / MANIFEST).unlink(missing_ok=True)  # a half-removed one must not count
            shutil.rmtree(path)


def _found(run: Path) -> list[Path]:
    """Return the checkpoints of a run by their steps; a folder of another name is none."""
    numbered = [path for path in run.glob(f"{_PREFIX}*") if _STEP.fullmatch(path.name)]
    return sorted(numbered, key=_step)


def _step(checkpoint: Path) -> int:
    return int(checkpoint.name.removeprefix(_PREFIX))
