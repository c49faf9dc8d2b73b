"""Options of a model that judges answers in pairs."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from churnlens.options.teaching import TeacherOptions
from churnlens.schema import Frozen


class JudgeOptions(Frozen):
    """Whether a model judges pairs of answers, and which one.

    Attributes:
        enabled: off by default; nothing is loaded or asked then.
        by: the model, as teachers are named: `transformers` or `openai`.
    """

    enabled: bool = False
    by: TeacherOptions = TeacherOptions(teacher="openai", max_new_tokens=64)

    @model_validator(mode="after")
    def _is_a_model(self) -> Self:
        if self.by.teacher == "reference":
            raise ValueError("judge.by.teacher: expected transformers or openai, got reference")
        return self
