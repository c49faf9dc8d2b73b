"""What an adapter was made of: enough to make it again, and to refuse it on another base."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import Field

from churnlens.models.loading import base_sha256, describe
from churnlens.models.training.rows import EncodedRow
from churnlens.models.weights import sha256_of
from churnlens.options import TrainingOptions
from churnlens.schema import Frozen

CARD = "card.json"
_PACKAGES = ("torch", "transformers", "peft", "tokenizers", "accelerate")
_MODELS = Path(__file__).parents[1]
_CODE = ("training/*.py", "heads/*.py", "loading.py")


class AdapterCard(Frozen):
    """Where a tuned model comes from. It holds no date, time or machine path.

    Attributes:
        base, revision, licence: of the model that was tuned, as its lock entry names it.
        base_sha256: of the base model's files.
        template_sha256: of the chat template; another one would be another prompt.
        data_sha256: of all token ids and labels of both splits.
        rows: rows per split.
        options: of the training.
        environment: versions, kind of machine, and hash of the code that trains.
        metrics: validation loss before and at best (mean over rows of the mean over a row's answer
            tokens, in nats), the best step, the last step, the planned ones, why it ended.
    """

    base: str
    revision: str
    licence: str
    base_sha256: str
    template_sha256: str
    data_sha256: str
    rows: dict[str, int]
    options: TrainingOptions
    environment: dict[str, str]
    metrics: dict[str, float | int | str | None] = Field(default={})

    def key(self) -> str:
        """Return 16 hex digits that name this training: all but its outcome."""
        text = self.model_dump_json(exclude={"metrics"})
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def describe_training(
    model: Path,
    tokenizer: Any,
    training: Sequence[EncodedRow],
    validation: Sequence[EncodedRow],
    options: TrainingOptions,
) -> AdapterCard:
    """Return the card of a training that has not run yet, without metrics."""
    base = describe(model)
    rows = [[(row.input_ids, row.labels) for row in split] for split in (training, validation)]
    return AdapterCard(
        base=base["base"],
        revision=base["revision"],
        licence=base["licence"],
        base_sha256=base_sha256(model),
        template_sha256=_sha256(tokenizer.chat_template),
        data_sha256=_sha256(json.dumps(rows)),
        rows={"training": len(training), "validation": len(validation)},
        options=TrainingOptions(**options.model_dump(include=set(TrainingOptions.model_fields))),
        environment=environment(),
    )


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def environment() -> dict[str, str]:
    """Return versions, kind of machine, and hash of the code that trains."""
    import torch

    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
    versions = {name: version(name) for name in _PACKAGES}
    return {"python": platform.python_version(), "gpu": gpu, **versions, "code": code_sha256()}


@cache
def code_sha256() -> str:
    """Return 16 hex digits of the code that trains: under other code a training starts anew."""
    files = sorted(path for pattern in _CODE for path in _MODELS.glob(pattern))
    text = "\n".join(f"{path.name} {sha256_of(path)}" for path in files)
    return _sha256(text)[:16]
