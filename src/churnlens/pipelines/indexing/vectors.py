"""Documents to vectors, and a FAISS index of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from churnlens.engine.shards import RowStore, map_rows
from churnlens.models.embedding import Encoder
from churnlens.models.lock import parse_lock
from churnlens.models.weights import verify
from churnlens.options import IndexingOptions
from churnlens.retrieval.dense import build_index

LIBRARIES = ("torch", "sentence-transformers")  # another version may round otherwise


class _LazyEncoder:
    """Loads the encoder when a shard is missing, so that a run with nothing new loads nothing."""

    def __init__(self, folder: Path, options: IndexingOptions) -> None:
        self._folder, self._options = folder, options
        self._encoder: Encoder | None = None

    def __call__(self, texts: Sequence[str]) -> pd.DataFrame:
        if self._encoder is None:
            options = self._options
            self._encoder = Encoder(
                self._folder, batch_size=options.batch_size, dtype=options.dtype
            )
        vectors = self._encoder.encode(texts, query=self._options.symmetric)
        return pd.DataFrame({"vector": list(vectors)})


def embed_documents(
    documents: pd.DataFrame,
    embedding_cache: RowStore,
    model_lock: dict[str, Any],
    model_root: str,
    options: IndexingOptions,
) -> pd.DataFrame:
    """Embed every document; a text that was embedded before is taken from the cache.

    Args:
        documents: columns `customer` and `passage`.
        embedding_cache: finished texts by content hash.
        model_lock: the parsed lock file.
        model_root: folder of the fetched models.
        options: encoder, precision, sizes, and who embeds.

    Returns:
        Frame with columns `customer` and `vector` (float32, length one), in document order.
    """
    spec = parse_lock(model_lock)[options.encoder]
    work = _LazyEncoder(verify(spec, Path(model_root)), options)
    versions = [version(library) for library in LIBRARIES]
    kind = ["symmetric"] if options.symmetric else []
    vectors = map_rows(
        work,
        documents["passage"].tolist(),
        store=embedding_cache,
        recipe=["embed", spec.digest(), options.dtype, *versions, *kind],
        size=options.shard_rows,
        label="embed documents",
        engine=options.engine,
    )
    return pd.DataFrame({"customer": documents["customer"], "vector": vectors["vector"]})


def build_vector_index(vectors: pd.DataFrame, options: IndexingOptions) -> Any:
    """Return the FAISS index whose position i is document i."""
    factory = choose_factory(len(vectors), options)
    return build_index(np.stack(vectors["vector"].tolist()), factory)


def choose_factory(rows: int, options: IndexingOptions) -> str:
    """Return the FAISS factory string for a corpus of `rows` documents."""
    if options.factory != "auto":
        return options.factory
    return "Flat" if rows <= options.flat_rows else f"IVF{4 * math.isqrt(rows)},SQ8"
