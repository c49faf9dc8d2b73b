import pandas as pd
import pytest
from kedro.io.core import DatasetError

from churnlens.datasets import RawTableDataset
from churnlens.datasets.raw_table import detect_encoding

TABLE = pd.DataFrame({"id": ["001", "002"], "城市": ["上海", ""], "note": ["a, b", "“x”\nline"]})
ENCODINGS = ("utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_reads_the_same(tmp_path, encoding, newline):
    path = tmp_path / "表 😀.csv"
    path.write_bytes(TABLE.to_csv(index=False, lineterminator=newline).encode(encoding))
    read = RawTableDataset(filepath=str(path)).load()
    read["note"] = read["note"].str.replace("\r\n", "\n")
    pd.testing.assert_frame_equal(read, TABLE.astype("str"), check_dtype=False)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters_are_found(tmp_path, delimiter):
    path = tmp_path / "t.csv"
    path.write_text(f"id{delimiter}n\n1{delimiter}2\n", encoding="utf-8")
    assert RawTableDataset(filepath=str(path)).load().to_dict("records") == [{"id": "1", "n": "2"}]


def test_cells_stay_text(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("id,a,b\n007,NA,\n", encoding="utf-8")
    row = RawTableDataset(filepath=str(path)).load().iloc[0].to_dict()
    assert row == {"id": "007", "a": "NA", "b": ""}


def test_an_unknown_encoding_names_the_line(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"id,a\n1,ok\n2,\xff\xff\xff\n")
    with pytest.raises(DatasetError, match=r"none of utf-8.*line 3"):
        RawTableDataset(filepath=str(path)).load()


def test_detection_prefers_marks():
    assert detect_encoding("\ufeffid".encode()) == "utf-8-sig"
    assert detect_encoding("id,名".encode("utf-16")) == "utf-16"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("id,a\n", "a header and no rows"),
        ("id,a\n1,2\n1,2,3\n", "line 3"),
    ],
)
def test_a_broken_file_is_refused_with_the_next_step(tmp_path, text, message):
    path = tmp_path / "t.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DatasetError, match=message):
        RawTableDataset(filepath=str(path)).load()


def test_a_missing_file_says_how_to_give_one(tmp_path):
    with pytest.raises(DatasetError, match="--params customers=FILE"):
        RawTableDataset(filepath=str(tmp_path / "none.csv")).load()


def test_saved_tables_come_back(tmp_path):
    dataset = RawTableDataset(filepath=str(tmp_path / "t.csv"))
    dataset.save(TABLE)
    pd.testing.assert_frame_equal(dataset.load(), TABLE.astype("str"), check_dtype=False)
