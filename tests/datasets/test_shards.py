import pandas as pd
import pytest
from kedro.io.core import DatasetError

from churnlens.datasets import ShardStoreDataset, WorkFolderDataset


@pytest.fixture
def dataset(tmp_path):
    return ShardStoreDataset(path=str(tmp_path / "cache"))


def test_a_shard_comes_back_as_it_was(dataset):
    store = dataset.load()
    frame = pd.DataFrame({"vector": [[1.0, 2.0], [3.0, 4.0]]})
    assert store.get("k") is None
    store.put("k", frame)
    assert store.get("k")["vector"].map(list).tolist() == frame["vector"].tolist()
    assert dataset.load().get("k") is not None


def test_a_store_is_always_there_and_never_an_output(dataset):
    assert dataset.exists()
    with pytest.raises(DatasetError, match="is an input"):
        dataset.save(pd.DataFrame())


def test_a_work_folder_is_always_there_and_never_an_output(tmp_path):
    folder = tmp_path / "work"
    dataset = WorkFolderDataset(path=str(folder), metadata={"layer": "models"})
    assert dataset.exists() and dataset.load() == folder
    assert not folder.exists(), "whoever works there makes it"
    assert str(folder) in str(dataset) and dataset.metadata == {"layer": "models"}
    with pytest.raises(DatasetError, match="is an input"):
        dataset.save(folder)
    assert not folder.exists()
