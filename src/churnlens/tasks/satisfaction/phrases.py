"""Phrases by which a customer's turn is red: threat, legal steps, leaving and abuse."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import yaml

from churnlens.dialogues.phrases import PhraseBook

Kind = Literal["threat", "legal", "cancel", "abuse"]
AlertPhrases = PhraseBook[Kind]


def load_phrases(path: Path) -> AlertPhrases:
    """Read a phrase book; ValidationError for a key that is none, OSError without a file."""
    return AlertPhrases.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
