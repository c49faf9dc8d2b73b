"""Which encoder makes vectors of texts."""

from __future__ import annotations

from pydantic import Field

from churnlens.options.base import Options
from churnlens.options.training import Dtype


class EncoderOptions(Options):
    """An encoder, and how it is run.

    Attributes:
        encoder: name of an encoder in the model lock.
        dtype: its precision; bfloat16 is three times as fast on a CPU that has it.
        batch_size: texts per forward pass.
    """

    encoder: str = "all-MiniLM-L6-v2"
    dtype: Dtype = "bfloat16"
    batch_size: int = Field(default=32, ge=1)
