"""An encoder that counts letters, in place of a model, and the lock file that names it."""

import numpy as np

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
