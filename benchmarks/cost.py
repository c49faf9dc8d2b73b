"""Cost per customer of data_processing and indexing: `python benchmarks/cost.py [--full]`.

CPU seconds of each node function per thousand customers, peak memory, and what a search holds in
memory, at 2,000 and 20,000 customers; with --full 7,000, 70,000 and 700,000. Texts are embedded at
the smallest size only: an embedding costs the same wherever its text stands. Each size is a process
of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from beside import OUT, arguments

from churnlens.models.embedding import Encoder
from churnlens.options import DataProcessingOptions, IndexingOptions
from churnlens.pipelines.data_processing.churn import nodes as processing
from churnlens.pipelines.data_processing.validation import find_faults
from churnlens.pipelines.indexing.churn.nodes import build_lexical_index
from churnlens.pipelines.indexing.vectors import build_vector_index
from churnlens.schema import read_schema
from churnlens.simulation import simulate_customers

SCHEMA = read_schema(Path("conf/base/schemas/telco.yml"))
ENCODER = Path("data/06_models/pretrained/all-MiniLM-L6-v2")
EMBEDDED = 500


def make_customers(rows: int) -> pd.DataFrame:
    """Return raw demo customers, each with a key of its own and a word of its own."""
    made = simulate_customers(2_000, seed=7).customers
    drawn = made.iloc[np.arange(rows) % len(made)].reset_index(drop=True)
    said = drawn["CustomerFeedback"].fillna("") + [f" case{n // 50}" for n in range(rows)]
    return drawn.assign(**{SCHEMA.key: [f"c{n}" for n in range(rows)], "CustomerFeedback": said})


def embed(rows: int) -> dict[str, float]:
    """Return CPU seconds per 1,000 texts."""
    encoder, texts = Encoder(ENCODER), make_customers(rows)["CustomerFeedback"].tolist()[:EMBEDDED]
    encoder.encode(texts[:8])
    began = time.process_time()
    encoder.encode(texts)
    return {"embedding_per_1000": 1000 * (time.process_time() - began) / len(texts)}


def child(word: str, rows: int) -> dict[str, Any]:
    """Return what this program prints when it runs by itself with two words."""
    words = [sys.executable, __file__, word, str(rows)]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def measure(rows: int) -> dict[str, Any]:
    """Return CPU seconds per 1,000 customers of every step, and peak memory in GiB."""
    customers, seconds = make_customers(rows), {}
    plain = SCHEMA.model_dump(mode="json", exclude_defaults=True)

    def timed(name: str, work: Any, *given: Any) -> Any:
        began = time.process_time()
        made = work(*given)
        seconds[name] = 1000 * (time.process_time() - began) / rows
        return made

    checked, _ = timed("check the table", find_faults, customers, SCHEMA)
    table, _ = timed("select_table", processing.select_table, checked, plain)
    told = DataProcessingOptions()
    feedback, _ = timed("redact_feedback", processing.redact_feedback, checked, plain, told)
    timed("label_reasons", processing.label_reasons, feedback, plain)
    documents = timed("build_documents", processing.build_documents, table, feedback, plain)
    options = IndexingOptions()
    words = timed("build_lexical_index", build_lexical_index, documents, options)
    vectors = np.random.default_rng(7).normal(size=(rows, 384)).astype(np.float32)
    frame = pd.DataFrame({"vector": list(vectors)})
    index = timed("build_vector_index", build_vector_index, frame, options)
    return {
        "rows": rows,
        "seconds_per_1000": seconds,
        "total": sum(seconds.values()),
        "peak_gib": _peak(),
        **held_bytes(index, vectors, words),
    }


def held_bytes(index: Any, vectors: np.ndarray, words: pd.DataFrame) -> dict[str, float]:
    """Return the bytes a customer that a search holds: of the vector index, and of all.

    All are the vector index, the vectors by which its hits are put in order, and the postings.
    """
    import faiss

    codes = faiss.serialize_index(index).nbytes
    lists = sum(each.nbytes for name in ("positions", "weights") for each in words[name])
    whole = codes + vectors.nbytes + lists
    return {"index_bytes": codes / len(vectors), "search_bytes": whole / len(vectors)}


def _peak() -> float:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def main() -> None:
    """Measure each size in a process of its own."""
    if len(sys.argv) == 3:
        rows = int(sys.argv[2])
        measure(200)  # what is imported on the way costs no customer anything
        print(json.dumps(embed(rows) if sys.argv[1] == "--embed" else measure(rows)))
        return
    sizes = [7_000, 70_000, 700_000] if arguments(__doc__).full else [2_000, 20_000]
    found = [child("--rows", rows) for rows in sizes]
    embedding = child("--embed", sizes[0])["embedding_per_1000"]
    found[0]["embedding_per_1000"] = embedding
    small, large = (each["total"] for each in (found[0], found[-1]))
    changes = {
        "change": (large + embedding) / (small + embedding) - 1,
        "change_without_embedding": large / small - 1,
    }
    text = json.dumps({"row": "cost", "sizes": found, **changes}, indent=1)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "cost.json").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
