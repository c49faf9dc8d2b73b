"""The lexical index needs no dataset of its own: it is a table, kept as Parquet atomically."""

import numpy as np
import pandas as pd
import pytest
from kedro.io import DataCatalog

from churnlens.retrieval import LexicalIndex, tokenize

TEXTS = ("The line drops every evening", "账单太贵", "Bill doubled 价格翻倍", "fine")


def _entry(folder):
    configuration = {
        "type": "churnlens.datasets.AtomicDataset",
        "filepath": str(folder / "lexical_index.parquet"),
        "dataset": {"type": "pandas.ParquetDataset"},
    }
    return DataCatalog.from_config({"lexical_index": configuration})["lexical_index"]


@pytest.mark.parametrize("engine", ["rank_bm25", "bm25s"])
def test_an_index_survives_its_catalog_entry(tmp_path, engine):
    index = LexicalIndex.build([tokenize(text) for text in TEXTS], engine)
    entry = _entry(tmp_path)
    entry.save(index.to_table())
    assert entry.exists()
    again = LexicalIndex.from_table(entry.load(), len(TEXTS))
    for question in ("bills", "太贵", "翻倍 evening", "nothing"):
        for mine, theirs in zip(
            index.search(tokenize(question), 4), again.search(tokenize(question), 4), strict=True
        ):
            np.testing.assert_array_equal(mine, theirs)
    assert again.search(tokenize("太贵"), 4).positions[0] == 1


def test_the_same_texts_give_the_same_bytes_whatever_the_hash_seed(tmp_path):
    for name, engine in (("a", "bm25s"), ("b", "bm25s")):
        (tmp_path / name).mkdir()
        index = LexicalIndex.build([tokenize(text) for text in TEXTS], engine)
        assert list(index.postings) == sorted(index.postings)
        _entry(tmp_path / name).save(index.to_table())
    first, second = (tmp_path / name / "lexical_index.parquet" for name in "ab")
    assert first.read_bytes() == second.read_bytes()


def test_the_file_holds_plain_columns_that_anybody_can_open(tmp_path):
    index = LexicalIndex.build([tokenize(text) for text in TEXTS])
    _entry(tmp_path).save(index.to_table())
    table = pd.read_parquet(tmp_path / "lexical_index.parquet")
    assert list(table.columns) == ["term", "positions", "weights"]
    row = table.set_index("term").loc["bill"]
    assert row["positions"].tolist() == [2]
    assert len(row["weights"]) == 1
