import json

import numpy as np
import pandas as pd
import pytest

from churnlens.datasets.jsonl import dump_rows
from churnlens.datasets.shards import ShardStore
from churnlens.dialogues.reading import read_dialogues
from churnlens.options import DialogueOptions, IndexingOptions
from churnlens.pipelines.data_processing.dialogues import prepare_dialogues
from churnlens.pipelines.data_processing.satisfaction.nodes import write_cases
from churnlens.pipelines.indexing import vectors as stage
from churnlens.pipelines.indexing.satisfaction.nodes import evaluate_cases, fit_reasons
from churnlens.simulation import plain_rows, simulate_dialogues
from churnlens.tasks.satisfaction.reason_head import ReasonHead
from pipelines.letters import LOCK, Letters, use_letters

OPTIONS = IndexingOptions(encoder="letters")


@pytest.fixture(scope="module")
def documents():
    text = dump_rows(plain_rows(simulate_dialogues(60, 4))).decode()
    return write_cases(prepare_dialogues(read_dialogues(text), DialogueOptions())[0])


@pytest.fixture
def embed(monkeypatch, tmp_path):
    use_letters(monkeypatch, stage)
    store = ShardStore(tmp_path / "cache")
    return lambda frame, options=OPTIONS: stage.embed_documents(
        frame, store, LOCK, str(tmp_path), options
    )


def test_from_documents_to_figures(documents, embed):
    cases, tests = documents
    vectors, test_vectors = embed(cases), embed(tests)
    head = ReasonHead.from_table(fit_reasons(cases, vectors))
    assert set(head.reasons) <= set(cases["reason"])
    index = stage.build_vector_index(vectors, OPTIONS)
    metrics = evaluate_cases(cases, vectors, index, tests, test_vectors)
    assert metrics["cases"] == len(cases)
    assert metrics["queries"] == len(tests)
    for reading in ("customer", "scenario"):
        assert 0 <= metrics[reading]["index"]["low"] <= metrics[reading]["index"]["high"] <= 1
    json.dumps(metrics, allow_nan=False)


def test_dialogues_without_labels_have_no_head_and_no_figure(documents, embed):
    cases, tests = (frame.assign(reason="", scenario="") for frame in documents)
    vectors, test_vectors = embed(cases), embed(tests)
    table = fit_reasons(cases, vectors)
    assert ReasonHead.from_table(table) is None
    index = stage.build_vector_index(vectors, OPTIONS)
    metrics = evaluate_cases(cases, vectors, index, tests, test_vectors)
    assert metrics["customer"] is metrics["scenario"] is None


def test_like_is_embedded_like_like(embed, monkeypatch):
    asked = []

    def encode(self, texts, *, query=False):
        asked.append(query)
        return np.ones((len(texts), 2), np.float32) / 2**0.5

    monkeypatch.setattr(Letters, "encode", encode)
    frame = pd.DataFrame({"customer": ["a"], "passage": ["slow"]})
    embed(frame)
    embed(frame, OPTIONS.model_copy(update={"symmetric": True}))
    assert asked == [False, True]  # and neither came out of the other's shard
