"""Open the assistant: the handbook, the written dialogues and the rules, searchable."""

from __future__ import annotations

import json
from pathlib import Path

from churnlens.models.embedding import TextEncoder
from churnlens.options import AssistantOptions
from churnlens.tasks.service.handbook import load_handbook
from churnlens.tasks.service.knowledge import Knowledge, build_knowledge
from churnlens.tasks.service.prompts import load_prompts
from churnlens.tasks.service.rules import load_rules
from churnlens.tasks.service.scripts import load_scripts


def open_knowledge(
    folder: Path, prompts: Path, encoder: TextEncoder, options: AssistantOptions
) -> Knowledge:
    """Return what the assistant knows; about 900 texts are embedded.

    Args:
        folder: with `handbook`, `dialogues`, `general` and `rules.yml`.
        prompts: file of the assistant's own words.
        encoder: of texts in both languages.
        options: see there.
    """
    handbook = load_handbook(folder / "handbook")
    general = (folder / "general" / "general.jsonl").read_text("utf-8").splitlines()
    return build_knowledge(
        handbook,
        load_rules(folder / "rules.yml"),
        load_prompts(prompts),
        encoder,
        options,
        load_scripts(folder / "dialogues", handbook),
        [f"{row['instruction']} {row['input']}" for row in map(json.loads, general)],
    )
