"""Options of asking a teacher, whatever it teaches."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from churnlens.options.base import Options
from churnlens.options.remote import RemoteOptions
from churnlens.options.training import Precision


class TeacherOptions(Options):
    """Who teaches.

    Attributes:
        teacher: `reference` needs no model and is what each task says, `transformers` is a model
            of the lock, `openai` a server.
        model, dtype: of teacher `transformers`.
        server: of teacher `openai`.
        batch_size: texts that are asked for, and kept, at once.
        max_new_tokens: per text.
    """

    model_config = ConfigDict(hide_input_in_errors=True)

    teacher: Literal["reference", "transformers", "openai"] = "reference"
    model: str = "Qwen2.5-14B-Instruct"
    dtype: Precision = "nf4"
    server: RemoteOptions = RemoteOptions()
    batch_size: int = Field(default=16, ge=1)
    max_new_tokens: int = Field(default=512, ge=64)
