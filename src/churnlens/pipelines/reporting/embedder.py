"""The encoder by which texts are held against references."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from churnlens.evaluation.recipe_overlap import Embedder
from churnlens.models.embedding import Encoder
from churnlens.models.lock import spec_of
from churnlens.models.weights import verify
from churnlens.options import EncoderOptions


def load_embedder(
    model_lock: dict[str, Any], model_root: str | Path, options: EncoderOptions
) -> Embedder:
    """Load an encoder that embeds each different text once.

    Raises:
        ModelError: when the lock has no such encoder, or its folder is absent or damaged.
    """
    spec = spec_of(model_lock, options.encoder)
    folder = verify(spec, Path(model_root))
    encoder = Encoder(folder, batch_size=options.batch_size, dtype=options.dtype)

    def encode(texts: Sequence[str]) -> np.ndarray:
        different = list(dict.fromkeys(texts))
        place = {text: at for at, text in enumerate(different)}
        return encoder.encode(different)[[place[text] for text in texts]]

    return Embedder(f"{spec.name}@{spec.version}|{options.dtype}", spec.languages, encode)
