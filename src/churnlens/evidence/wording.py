"""The sentences of an answer, read from `prompts/<task>/wording.yml` and filled with numbers."""

from __future__ import annotations

from typing import Any

from churnlens.schema import Frozen, Language, Text


class Wording(Frozen):
    """Frames in two languages; `{slots}` are filled from the evidence table and the schema."""

    left: Text
    stayed: Text
    leaving: Text
    staying: Text
    everyone: Text
    others: Text
    outsiders: Text
    rate: Text
    versus_rest: Text
    exposure: Text
    driver: Text
    adjusted: Text
    money: Text
    complaint: Text
    praise: Text
    comparison: Text
    rate_figures: Text
    versus_rest_figures: Text
    exposure_figures: Text
    driver_figures: Text
    theme_figures: Text
    comparison_figures: Text
    more: Text
    less: Text
    drivers: Text
    no_drivers: Text
    too_few: Text
    not_answerable: Text

    def say(self, frame: str, language: Language, **slots: Any) -> str:
        """Return a frame with its slots filled.

        Raises:
            KeyError: when the frame asks for a slot that there is none for, naming both.
        """
        text: str = getattr(self, frame).of(language)
        try:
            return text.format(**slots)
        except KeyError as error:
            raise KeyError(f"wording: the frame {frame!r} has an unknown slot {error}") from None


def as_sentence(text: str) -> str:
    """Return the text with a capital letter at its start."""
    return text[:1].upper() + text[1:]
