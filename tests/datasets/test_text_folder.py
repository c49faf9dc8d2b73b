import pytest
from kedro.io import DataCatalog
from kedro.io.core import DatasetError

from churnlens.datasets import RawTextDataset, TextFolderDataset
from churnlens.engine.records import fingerprint


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "b.yml").write_text("b: 1", "utf-8")
    (tmp_path / "sub" / "a.md").write_text("你好", "utf-8")
    return tmp_path


def test_texts_by_their_path(folder):
    assert TextFolderDataset(path=str(folder)).load() == {"b.yml": "b: 1", "sub/a.md": "你好"}
    assert TextFolderDataset(path=str(folder), pattern="*.yml").load() == {"b.yml": "b: 1"}


def test_an_empty_folder_is_told(tmp_path):
    with pytest.raises(DatasetError, match="expected text files"):
        TextFolderDataset(path=str(tmp_path)).load()


def test_people_write_it(folder):
    with pytest.raises(DatasetError, match="by people"):
        TextFolderDataset(path=str(folder)).save({})


def test_a_changed_or_renamed_file_changes_the_fingerprint(folder):
    data = TextFolderDataset(path=str(folder))
    catalog = DataCatalog({"book": data})
    first = fingerprint(catalog, "book")
    assert first == fingerprint(catalog, "book") != ""
    (folder / "b.yml").write_text("b: 2", "utf-8")
    second = fingerprint(catalog, "book")
    (folder / "b.yml").rename(folder / "c.yml")
    assert len({first, second, fingerprint(catalog, "book")}) == 3


def test_a_text_without_a_file_is_empty():
    data = RawTextDataset(filepath=None)
    assert data.load() == ""
    assert not data.exists()
    with pytest.raises(DatasetError, match="no file was named"):
        data.save("x")
