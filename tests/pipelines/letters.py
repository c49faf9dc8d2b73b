"""An encoder that counts letters, in place of a model, and what stages store that use it."""

from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from churnlens.options import DataProcessingOptions, IndexingOptions
from churnlens.pipelines.data_processing.churn import nodes as processing
from churnlens.pipelines.data_processing.validation import find_faults
from churnlens.pipelines.indexing.churn.nodes import build_lexical_index
from churnlens.pipelines.indexing.vectors import build_vector_index
from churnlens.schema import parse_schema

PROMPTS = yaml.safe_load(
    (Path(__file__).parents[2] / "prompts" / "churn.yml").read_text(encoding="utf-8")
)
INDEXING = IndexingOptions(encoder="letters")

LOCK = {
    "models": {
        "letters": {
            "kind": "encoder",
            "base": "none/letters",
            "licence": "MIT",
            "languages": ["en"],
            "source": "local",
            "path": "nowhere",
        }
    }
}


class Letters:
    """Vectors of length one that depend on the text alone; `loaded` counts how many were made."""

    loaded = 0

    def __init__(self, folder=None, *, batch_size=1, dtype="float32"):
        type(self).loaded += 1

    def encode(self, texts, *, query=False):
        counts = np.array([[1.0 + t.count(c) for c in "eotainsr贵"] for t in texts], np.float32)
        return counts / np.linalg.norm(counts, axis=1, keepdims=True)


def use_letters(monkeypatch, nodes):
    """Let the node module `nodes` take `Letters` for its encoder, from any folder."""
    monkeypatch.setattr(nodes, "Encoder", Letters)
    monkeypatch.setattr(nodes, "verify", lambda spec, root: root / spec.name)
    monkeypatch.setattr(Letters, "loaded", 0)


def stored_of(customers, schema, model_root):
    """Return what data processing and indexing store of customers, by the names nodes take."""
    customers, faults = find_faults(customers, parse_schema(schema))
    assert not faults
    table, kept = processing.select_table(customers, schema)
    feedback, _ = processing.redact_feedback(customers, schema, DataProcessingOptions())
    documents = processing.build_documents(table, feedback, schema)
    encoded = Letters().encode(documents["passage"])
    vectors = pd.DataFrame({"customer": documents["customer"], "vector": list(encoded)})
    return {
        "schema": kept,
        "table": table,
        "feedback": feedback,
        "reasons": processing.label_reasons(feedback, schema),
        "vectors": vectors,
        "vector_index": build_vector_index(vectors, INDEXING),
        "lexical_index": build_lexical_index(documents, INDEXING),
        "prompts": PROMPTS,
        "model_lock": LOCK,
        "model_root": str(model_root),
    }
