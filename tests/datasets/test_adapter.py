import json

import pytest
from kedro.io import DataCatalog, DatasetError

from churnlens.datasets.adapter import AdapterDataset
from churnlens.datasets.atomic import is_complete

FILES = {
    "adapter_config.json": b"{}",
    "adapter_model.safetensors": b"weights",
    "card.json": b'{"base": "a/m"}',
    "tokenizer.json": b"{}",
}


@pytest.fixture
def source(tmp_path):
    folder = tmp_path / "source"
    folder.mkdir()
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    (folder / "manifest.json").write_text("of the source", encoding="utf-8")
    return folder


@pytest.fixture
def dataset(tmp_path):
    return AdapterDataset(filepath=str(tmp_path / "deep" / "adapter"))


def test_a_folder_comes_back_whole_with_a_manifest_of_its_own(dataset, source):
    assert not dataset.exists()
    dataset.save(source)
    folder = dataset.load()
    assert dataset.exists() and is_complete(folder) and folder != source
    assert {p.name: p.read_bytes() for p in folder.iterdir() if p.name != "manifest.json"} == FILES
    named = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"]
    assert named.keys() == FILES.keys()


def test_a_new_adapter_replaces_the_old_one_whole(dataset, source):
    dataset.save(source)
    (source / "tokenizer.json").unlink()
    (source / "adapter_model.safetensors").write_bytes(b"other")
    dataset.save(source)
    assert not (dataset.load() / "tokenizer.json").exists()
    assert (dataset.load() / "adapter_model.safetensors").read_bytes() == b"other"


@pytest.mark.parametrize("name", ["adapter_config.json", "adapter_model.safetensors", "card.json"])
def test_what_is_no_tuned_model_is_refused_and_the_old_one_stays(dataset, source, name):
    dataset.save(source)
    (source / name).unlink()
    with pytest.raises(DatasetError, match="expected a tuned model, got no"):
        dataset.save(source)
    assert (dataset.load() / name).is_file()


def test_a_whole_model_is_one_too(dataset, source):
    (source / "adapter_config.json").rename(source / "config.json")
    (source / "adapter_model.safetensors").rename(source / "model.safetensors")
    dataset.save(source)
    assert (dataset.load() / "model.safetensors").is_file()


@pytest.mark.parametrize("name", [*FILES, "manifest.json"])
@pytest.mark.parametrize("cut", [True, False])
def test_torn_counts_as_absent(dataset, source, name, cut):
    dataset.save(source)
    path = dataset.load() / name
    path.write_bytes(path.read_bytes()[:1]) if cut else path.unlink()
    assert not dataset.exists()
    with pytest.raises(DatasetError, match="is torn.*run the stage that makes it again"):
        dataset.load()


def test_an_absent_adapter_names_the_next_step(dataset):
    with pytest.raises(DatasetError, match="no folder .*; run the stage"):
        dataset.load()


def test_a_catalog_entry(tmp_path, source):
    entry = {
        "type": "churnlens.datasets.adapter.AdapterDataset",
        "filepath": str(tmp_path / "adapter"),
        "metadata": {"kedro-viz": {"layer": "models"}},
    }
    catalog = DataCatalog.from_config({"adapter": entry})
    catalog["adapter"].save(source)
    assert catalog["adapter"].load() == tmp_path / "adapter"
    assert "adapter" in str(catalog["adapter"])


def test_an_optional_one_that_is_not_there_is_none(tmp_path):
    assert AdapterDataset(filepath=str(tmp_path / "student"), optional=True).load() is None
    with pytest.raises(DatasetError, match="run the stage"):
        AdapterDataset(filepath=str(tmp_path / "student")).load()


def test_an_optional_one_that_is_torn_is_still_an_error(tmp_path):
    (tmp_path / "student").mkdir()
    with pytest.raises(DatasetError, match="torn"):
        AdapterDataset(filepath=str(tmp_path / "student"), optional=True).load()
