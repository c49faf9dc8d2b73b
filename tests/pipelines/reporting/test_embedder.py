"""The encoder of a report: each text once, in the order that was asked."""

import numpy as np
import pytest
import yaml

from churnlens.models.lock import ModelError
from churnlens.options import EncoderOptions
from churnlens.pipelines.reporting import embedder


class Counts:
    """Stands in for a model; its vector is the length of the text."""

    asked: list[str]

    def __init__(self, folder, *, batch_size, dtype):
        Counts.asked = []

    def encode(self, texts):
        Counts.asked += texts
        return np.array([[len(text), 1.0] for text in texts])


@pytest.fixture
def loaded(monkeypatch, project, models):
    lock = yaml.safe_load((project / "conf/base/models.lock.yml").read_text("utf-8"))
    monkeypatch.setattr(embedder, "Encoder", Counts)
    return embedder.load_embedder(lock, models, EncoderOptions())


def test_a_text_that_comes_twice_is_embedded_once(loaded):
    vectors = loaded.encode(["long", "a", "long", "bb"])
    assert vectors[:, 0].tolist() == [4, 1, 4, 2]
    assert Counts.asked == ["long", "a", "bb"]


def test_an_unknown_encoder_is_told():
    with pytest.raises(ModelError, match="nothing-like-it"):
        embedder.load_embedder({"models": {}}, "models", EncoderOptions(encoder="nothing-like-it"))
