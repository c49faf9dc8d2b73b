"""Embedding feedback, against `SentenceTransformer.encode` in float32 with its default batch.

`python benchmarks/embed.py [--full]`: 400 texts of demo customers, with --full 7,000.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from beside import arguments, case, report, side_by_side

from churnlens.models.embedding import Encoder
from churnlens.simulation import simulate_customers

FOLDER = Path("data/06_models/pretrained/all-MiniLM-L6-v2")


def main() -> None:
    """Compare speed, and the vectors."""
    from sentence_transformers import SentenceTransformer

    given = arguments(__doc__)
    rows = 7_000 if given.full else 400
    said = simulate_customers(2 * rows, seed=7).customers["CustomerFeedback"]
    texts = [text for text in said if isinstance(text, str) and text][:rows]
    ours, usual = Encoder(FOLDER), SentenceTransformer(str(FOLDER), device="cpu")
    vectors: dict[str, np.ndarray] = {}
    ways = {
        "churnlens": lambda: vectors.update(ours=ours.encode(texts)),
        "sentence-transformers": lambda: vectors.update(
            usual=usual.encode(texts, normalize_embeddings=True)
        ),
    }
    times = side_by_side(ways, min(given.repeat, 3))
    cosine = (vectors["ours"] * vectors["usual"]).sum(axis=1)
    alone = np.concatenate([ours.encode([text]) for text in texts[:20]])
    found = case(
        f"{len(texts):,} texts",
        times,
        2,
        mean_cosine=float(cosine.mean()),
        least_cosine=float(cosine.min()),
        texts_a_second={name: len(texts) / time["median"] for name, time in times.items()},
        same_bytes_alone=bool((alone == vectors["ours"][:20]).all()),
    )
    report("embed", "SentenceTransformer.encode, float32, default batch", [found])


if __name__ == "__main__":
    main()
