import faiss
import numpy as np
import pytest
from kedro.io import DataCatalog, DatasetError

from churnlens.datasets.faiss_index import FaissIndexDataset

VECTORS = np.random.default_rng(2).normal(size=(300, 16)).astype("float32")


def _index(factory="Flat", vectors=VECTORS):
    index = faiss.index_factory(16, factory, faiss.METRIC_INNER_PRODUCT)
    index.train(vectors)
    index.add(vectors)
    return index


@pytest.fixture
def dataset(tmp_path):
    return FaissIndexDataset(filepath=str(tmp_path / "deep" / "index.faiss"))


@pytest.mark.parametrize("factory", ["Flat", "HNSW8", "IVF4,SQ8"])
def test_an_index_comes_back_and_finds_the_same(dataset, factory):
    index = _index(factory)
    dataset.save(index)
    again = dataset.load()
    assert type(again).__mro__[1:] and again.ntotal == 300
    assert again.metric_type == faiss.METRIC_INNER_PRODUCT
    for mine, theirs in zip(
        index.search(VECTORS[:9], 5), again.search(VECTORS[:9], 5), strict=True
    ):
        np.testing.assert_array_equal(mine, theirs)


def test_other_tools_can_read_the_file(dataset, tmp_path):
    dataset.save(_index())
    assert faiss.read_index(str(tmp_path / "deep" / "index.faiss")).ntotal == 300


def test_exists_only_when_whole(dataset, tmp_path):
    path = tmp_path / "deep" / "index.faiss"
    assert not dataset.exists()
    dataset.save(_index())
    assert dataset.exists()
    whole = path.read_bytes()
    for length in (0, 1, 3, 20, 50, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert not dataset.exists()
        with pytest.raises(DatasetError, match=f"{length} bytes. is not a whole FAISS index"):
            dataset.load()


def test_a_missing_file_names_the_next_step(dataset):
    with pytest.raises(DatasetError, match="no file .*index.faiss; run the stage"):
        dataset.load()


def test_a_failed_write_leaves_the_old_index_and_no_stray(dataset, tmp_path, monkeypatch):
    dataset.save(_index())

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(DatasetError, match="disk full"):
        dataset.save(_index(vectors=VECTORS[:40]))
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["index.faiss"]
    assert dataset.load().ntotal == 300


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_refused(dataset, value):
    vectors = VECTORS.copy()
    vectors[7, 3] = value
    with pytest.raises(DatasetError, match="NaN or infinity"):
        dataset.save(_index(vectors=vectors))
    assert not dataset.exists()


def test_anything_but_a_filled_index_is_refused(dataset):
    for wrong in (faiss.IndexFlatIP(4), VECTORS):
        with pytest.raises(DatasetError, match="expected a FAISS index with rows"):
            dataset.save(wrong)
    assert not dataset.exists()


def test_a_catalog_entry_with_metadata(tmp_path):
    catalog = DataCatalog.from_config(
        {
            "index": {
                "type": "churnlens.datasets.faiss_index.FaissIndexDataset",
                "filepath": str(tmp_path / "index.faiss"),
                "metadata": {"kedro-viz": {"layer": "feature"}},
            }
        }
    )
    catalog["index"].save(_index())
    assert catalog["index"].load().ntotal == 300
    assert catalog["index"].metadata == {"kedro-viz": {"layer": "feature"}}
    assert "index.faiss" in str(catalog["index"])
