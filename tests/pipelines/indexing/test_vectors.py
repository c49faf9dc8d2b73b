from importlib.metadata import version

import numpy as np
import pandas as pd
import pytest

from churnlens.datasets.shards import ShardStore
from churnlens.options import IndexingOptions
from churnlens.pipelines.indexing import vectors as stage
from pipelines.letters import LOCK, Letters, use_letters

DOCUMENTS = pd.DataFrame(
    {
        "customer": ["a", "b", "c", "d", "e"],
        "text": ["slow network", "网速太慢", "too expensive", "价格太贵", "friendly staff"],
        "passage": ["slow network", "网速太慢", "too expensive", "价格太贵", "friendly staff"],
    }
)
OPTIONS = IndexingOptions(encoder="letters", shard_rows=2)


@pytest.fixture
def embed(monkeypatch, tmp_path):
    use_letters(monkeypatch, stage)
    store = ShardStore(tmp_path / "cache")
    return lambda documents, options=OPTIONS: stage.embed_documents(
        documents, store, LOCK, str(tmp_path), options
    )


def test_vectors_are_in_document_order_and_embedded_once(embed):
    first = embed(DOCUMENTS)
    assert first["customer"].tolist() == list("abcde")
    expected = Letters().encode(DOCUMENTS["passage"])
    np.testing.assert_array_equal(np.stack(first["vector"].tolist()), expected)
    Letters.loaded = 0
    pd.testing.assert_frame_equal(embed(DOCUMENTS), first)
    assert Letters.loaded == 0


def test_a_changed_text_or_setting_is_embedded_again(embed):
    embed(DOCUMENTS)
    changed = DOCUMENTS.assign(passage=["fast network", *DOCUMENTS["passage"][1:]])
    Letters.loaded = 0
    embed(changed)
    assert Letters.loaded == 1
    embed(DOCUMENTS, OPTIONS.model_copy(update={"dtype": "float32"}))
    assert Letters.loaded == 2


def test_vectors_of_another_library_are_made_again(embed, monkeypatch):
    embed(DOCUMENTS)
    for library in ("torch", "sentence-transformers"):
        Letters.loaded = 0
        monkeypatch.setattr(
            stage,
            "version",
            lambda name, changed=library: "9" if name == changed else version(name),
        )
        embed(DOCUMENTS)
        assert Letters.loaded == 1


def test_position_i_of_the_index_is_document_i(embed):
    vectors = embed(DOCUMENTS)
    index = stage.build_vector_index(vectors, OPTIONS)
    _, nearest = index.search(np.stack(vectors["vector"].tolist()), 1)
    assert nearest.ravel().tolist() == [0, 1, 2, 3, 4]
