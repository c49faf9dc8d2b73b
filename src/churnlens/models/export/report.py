"""What an export says of itself, and the refusals that keep a wrong one from being written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from churnlens.datasets.atomic import MANIFEST, write_folder
from churnlens.models.lock import ModelError
from churnlens.options import Dtype
from churnlens.schema import Frozen

REPORT = "export.json"
Form = Literal["merged", "gguf", "onnx"]


class ExportError(ModelError):
    """An export that was refused or did not agree with its adapter; nothing was written."""


class ExportReport(Frozen):
    """How the files of an export compare with the tuned model in float32 on a CPU.

    A merged folder is compared with the adapter on its base; a GGUF file or ONNX graph with that
    merged folder in float32, which was compared with the adapter before.

    Attributes:
        form: what was written.
        base: id of the base model at its publisher.
        dtype: of the written weights.
        prompts: how many prompts were compared.
        max_difference: largest absolute difference of a logit at the last positions of every prompt
            (`agreement.POSITIONS`).
        same_texts: prompts after which both wrote the same tokens, greedily.
        merged_difference: largest difference of the float32 merge from the adapter on its base.
        notes: what whoever deploys it must know.
        files: name → sha256.
    """

    form: Form
    base: str
    dtype: Dtype
    prompts: int
    max_difference: float
    same_texts: int
    merged_difference: float
    notes: tuple[str, ...] = ()
    files: dict[str, str] = {}


def write_export(target: Path, fill: Callable[[Path], ExportReport]) -> ExportReport:
    """Let `fill` write an export, whole or not at all, and return its report with all hashes.

    Raises:
        ExportError: when `target` holds something that is not an export; it is not touched.
    """
    check_target(target)

    def write(folder: Path) -> None:
        text = fill(folder).model_dump_json(indent=1, exclude={"files"})
        (folder / REPORT).write_text(text, encoding="utf-8")

    write_folder(target, write)
    files = json.loads((target / MANIFEST).read_text(encoding="utf-8"))["files"]
    report = ExportReport.model_validate_json((target / REPORT).read_bytes())
    return report.model_copy(update={"files": files})


def check_target(target: Path) -> None:
    """Refuse to replace what is not an export."""
    if target.is_file() or (target.is_dir() and any(target.iterdir()) and not _is_export(target)):
        raise ExportError(
            f"{target} exists and is no export (it has no {REPORT}); it was not touched. Next: "
            "name a new folder"
        )


def _is_export(folder: Path) -> bool:
    return (folder / REPORT).is_file() and (folder / MANIFEST).is_file()
