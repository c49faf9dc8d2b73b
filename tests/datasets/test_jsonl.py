import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kedro.io.core import DatasetError

from churnlens.datasets import JSONLinesDataset

ROWS = [{"id": 1, "n": None, "text": "光纤 — “fiber”"}, {"id": 2, "n": 3, "deep": {"a": [1, 2]}}]
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@pytest.fixture
def dataset(tmp_path):
    return JSONLinesDataset(filepath=str(tmp_path / "rows.jsonl"))


def test_rows_come_back_as_they_were(dataset):
    assert not dataset.exists()
    dataset.save(ROWS)
    assert dataset.load() == ROWS
    assert dataset.exists()


@given(st.lists(st.dictionaries(st.text(), values), max_size=4))
def test_any_rows_come_back_as_they_were(tmp_path_factory, rows):
    try:
        json.dumps(rows, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return  # lone surrogates are no text
    dataset = JSONLinesDataset(filepath=str(tmp_path_factory.mktemp("rows") / "rows.jsonl"))
    dataset.save(rows)
    assert dataset.load() == rows


def test_chinese_stays_readable(dataset, tmp_path):
    dataset.save(ROWS)
    assert "光纤" in (tmp_path / "rows.jsonl").read_text(encoding="utf-8")


def test_a_bad_line_is_named(dataset, tmp_path):
    (tmp_path / "rows.jsonl").write_text('{"a": 1}\n{"a": \n', encoding="utf-8")
    with pytest.raises(DatasetError, match="line 2: not JSON"):
        dataset.load()


def test_a_missing_file_is_an_error(dataset):
    with pytest.raises(DatasetError, match="no file"):
        dataset.load()


def test_preview_shows_the_first_rows(dataset):
    dataset.save(ROWS)
    assert json.loads(dataset.preview(nrows=1)) == ROWS[:1]
