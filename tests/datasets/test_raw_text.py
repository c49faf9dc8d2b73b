import pytest
from kedro.io.core import DatasetError

from churnlens.datasets import RawTextDataset

TEXT = '{"text": "快递太慢了，一直没有人回复我"}\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_every_encoding_is_one_text(tmp_path, encoding):
    (tmp_path / "in.jsonl").write_bytes(TEXT.encode(encoding))
    assert RawTextDataset(filepath=str(tmp_path / "in.jsonl")).load() == TEXT


def test_what_is_saved_is_loaded_and_nothing_else_is_left(tmp_path):
    dataset = RawTextDataset(filepath=str(tmp_path / "deep" / "in.jsonl"))
    assert not dataset.exists()
    dataset.save(TEXT)
    assert dataset.exists()
    assert dataset.load() == TEXT
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["in.jsonl"]


def test_no_file_is_told_with_the_way_to_one(tmp_path):
    dataset = RawTextDataset(filepath=str(tmp_path / "in.jsonl"), parameter="dialogues")
    with pytest.raises(DatasetError, match=r"no file .*--params dialogues=FILE, or .*demo-data"):
        dataset.load()


def test_bytes_of_no_encoding_are_told_by_line(tmp_path):
    (tmp_path / "in.jsonl").write_bytes(b"fine\n\xff\xff\xff")
    with pytest.raises(DatasetError, match="line 2"):
        RawTextDataset(filepath=str(tmp_path / "in.jsonl")).load()
