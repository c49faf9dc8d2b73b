"""What a company writes down about its service: handbook, dialogues, rules and general rows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from churnlens.dialogues.words import language_of
from churnlens.tasks.service.handbook import Handbook, handbook_of
from churnlens.tasks.service.rules import Rules
from churnlens.tasks.service.scripts import Script, scripts_of


@dataclass(frozen=True)
class Book:
    """The files of `conf/base/service`, read.

    Attributes:
        scripts: the written dialogues.
        general: rows `{instruction, input, output}` about anything else, with an id.
        off_topic: further requests that are none of the assistant's business.
    """

    handbook: Handbook
    rules: Rules
    scripts: tuple[Script, ...]
    general: tuple[dict[str, Any], ...]
    off_topic: tuple[str, ...] = ()

    @property
    def others(self) -> list[str]:
        """Requests that are none of the assistant's business."""
        asked = [f"{row['instruction']} {row['input']}".strip() for row in self.general]
        return [*asked, *self.off_topic]


def read_book(files: Mapping[str, str]) -> Book:
    """Read the texts of a book by their paths.

    Args:
        files: `handbook/*.yml`, `dialogues/<language>/*.md`, `general/*.jsonl`, `rules.yml`, and
            `off_topic.txt` with a request a line.

    Raises:
        ValueError: when a part is absent or wrong; the message names the file.
    """
    passages = {name: yaml.safe_load(text) for name, text in _under(files, "handbook/", ".yml")}
    if not passages or "rules.yml" not in files:
        raise ValueError("service book: expected handbook/*.yml and rules.yml")
    handbook = handbook_of(passages)
    return Book(
        handbook=handbook,
        rules=Rules.model_validate(yaml.safe_load(files["rules.yml"])),
        scripts=tuple(scripts_of(dict(_under(files, "dialogues/", ".md")), handbook)),
        general=tuple(_general(files)),
        off_topic=tuple(filter(None, map(str.strip, files.get("off_topic.txt", "").split("\n")))),
    )


def read_folder(folder: Path) -> dict[str, str]:
    """Return the texts of a book's folder by path."""
    files = sorted(path for path in folder.rglob("*.*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in files}


def _under(files: Mapping[str, str], folder: str, end: str) -> Iterator[tuple[str, str]]:
    for name, text in sorted(files.items()):
        if name.startswith(folder) and name.endswith(end):
            yield name.removeprefix(folder), text


def _general(files: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    lines = [
        line
        for _, text in _under(files, "general/", ".jsonl")
        for line in text.split("\n")
        if line.strip()
    ]
    for number, line in enumerate(lines, 1):
        row = json.loads(line)
        asked = f"{row['instruction']}\n{row['input']}".strip()
        yield {**row, "id": f"general-{number}", "language": language_of([asked])}
