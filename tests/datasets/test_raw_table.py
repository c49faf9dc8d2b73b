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


WESTERN = "id,name,town\n1,Jos\u00e9e Garc\u00eda,M\u00e1laga\n2,Zo\u00ebl Andr\u00e9s,K\u00f6ln\n"
TAIWAN = "id,\u8aaa\u660e\n1,\u7db2\u8def\u5f88\u6162\u5ba2\u670d\u4e0d\u7406\u4eba\n"
MOSCOW = "id,\u0438\u043c\u044f\n1,\u041c\u0430\u0440\u0438\u044f \u043b\u044e\u0431\u0438\u0442 \u0447\u0430\u0439\u043a\u0443\n"
FOREIGN = [("cp1252", WESTERN), ("latin-1", WESTERN), ("big5", TAIWAN), ("cp1251", MOSCOW)]


@pytest.mark.parametrize(("encoding", "text"), FOREIGN)
def test_another_encoding_is_not_taken_for_chinese(tmp_path, encoding, text):
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode(encoding))
    with pytest.raises(DatasetError, match=r"t\.csv: .*line \d.*save it as utf-8"):
        RawTableDataset(filepath=str(path)).load()
    named = RawTableDataset(filepath=str(path), encoding=encoding).load()
    assert named.to_csv(index=False, lineterminator="\n") == text


CHINESE = [
    "id,note\n1,VIP卡，wifi慢\n",
    "id,note\n1,app很难用，T恤，A股\n",
    "id,note\n1,客服不理人，網路很慢，想換別家\n",
    "id,name\n1,王堃\n",
    "id,name\n1,Josée\n",  # gb18030 knows é
]


@pytest.mark.parametrize("text", CHINESE)
def test_chinese_beside_latin_words_is_read(tmp_path, text):
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode("gb18030"))
    read = RawTableDataset(filepath=str(path)).load()
    assert read.to_csv(index=False, lineterminator="\n") == text


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "martian"])
def test_a_named_encoding_that_does_not_fit_is_told(tmp_path, encoding):
    path = tmp_path / "t.csv"
    path.write_bytes(WESTERN.encode("cp1252"))
    with pytest.raises(DatasetError, match=rf"t\.csv: .*{encoding}.*save it as utf-8"):
        RawTableDataset(filepath=str(path), encoding=encoding).load()


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
