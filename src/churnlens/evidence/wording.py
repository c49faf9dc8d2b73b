"""The sentences of an answer, the `wording` of `prompts/<task>.yml`, filled with numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pydantic import field_validator

from churnlens.evidence.query import PROBLEMS
from churnlens.schema import Frozen, Language, Text


class Wording(Frozen):
    """Frames in two languages; `{slots}` are filled from the evidence table and the schema.

    `headlines` has the shortest figures of each kind of finding that a short sentence may say,
    `problems` a frame for each reason to refuse a question.
    """

    left: Text
    stayed: Text
    leaving: Text
    staying: Text
    everyone: Text
    others: Text
    outsiders: Text
    rate: Text
    breakdown: Text
    breakdown_lower: Text
    breakdown_small: Text
    versus_rest: Text
    versus_rest_level: Text
    exposure: Text
    exposure_none: Text
    exposure_explained: Text
    exposure_turned: Text
    collinear: Text
    sign_change: Text
    driver: Text
    adjusted: Text
    money: Text
    complaint: Text
    praise: Text
    voices: Text
    voices_figures: Text
    comparison: Text
    comparison_level: Text
    ratio: Text
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
    too_few_brief: Text
    not_answerable: Text
    headlines: dict[str, Text]
    problems: dict[str, Text]

    @field_validator("problems")
    @classmethod
    def _all_of_them(cls, frames: dict[str, Text]) -> dict[str, Text]:
        if off := set(PROBLEMS) ^ set(frames):
            raise ValueError(f"expected one frame for each reason to refuse, off are {sorted(off)}")
        return frames

    def say(self, frame: str, language: Language, **slots: Any) -> str:
        """Return a frame with its slots filled.

        Raises:
            KeyError: when the frame asks for a slot that there is none for, naming both.
        """
        return _fill(getattr(self, frame).of(language), frame, slots)

    def headline(self, kind: str, language: Language, **slots: Any) -> str:
        """Return the shortest figures of a kind of finding, filled; empty where it has none."""
        if kind not in self.headlines:
            return ""
        return _fill(self.headlines[kind].of(language), f"headlines.{kind}", slots)

    def refuse(self, problems: Iterable[str], language: Language) -> str:
        """Return in words why a question is refused; each problem has the form `key: words`."""
        parts = (problem.partition(": ") for problem in problems)
        told = [self.problems[key].of(language).format(words=words) for key, _, words in parts]
        return {"en": "; ", "zh": "；"}[language].join(dict.fromkeys(told))


def in_words_of(noun: Text, frames: Any) -> Any:
    """Return frames, written about customers, about what the rows of another table are.

    Args:
        noun: of the schema, such as "accounts", 账户; slots in braces stay.
        frames: texts in two languages, or in English alone, inside mappings of any depth.
    """
    if isinstance(frames, str):
        return re.sub(r"(?<!\{)\bcustomers\b(?!\})", lambda _: noun.en, frames)
    if not isinstance(frames, dict):
        return frames
    if set(frames) != {"en", "zh"}:
        return {name: in_words_of(noun, each) for name, each in frames.items()}
    return {"en": in_words_of(noun, frames["en"]), "zh": frames["zh"].replace("客户", noun.zh)}


def _fill(text: str, frame: str, slots: dict[str, Any]) -> str:
    try:
        return text.format(**slots)
    except KeyError as error:
        raise KeyError(f"wording: the frame {frame!r} has an unknown slot {error}") from None


def as_sentence(text: str) -> str:
    """Return the text with a capital letter at its start."""
    return text[:1].upper() + text[1:]
