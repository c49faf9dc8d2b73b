"""Documents to a BM25 index."""

from __future__ import annotations

import pandas as pd

from churnlens.options import IndexingOptions
from churnlens.retrieval.lexical import Engine, LexicalIndex
from churnlens.retrieval.tokenize import tokenize


def choose_engine(rows: int, options: IndexingOptions) -> Engine:
    """Return the BM25 engine for a corpus of `rows` documents."""
    if options.lexical_engine != "auto":
        return options.lexical_engine
    return "rank_bm25" if rows <= options.lexical_rows else "bm25s"


def build_lexical_index(documents: pd.DataFrame, options: IndexingOptions) -> pd.DataFrame:
    """Return the BM25 index as a table: `term`, `positions`, `weights`."""
    tokens = [tokenize(text) for text in documents["text"]]
    return LexicalIndex.build(tokens, choose_engine(len(tokens), options)).to_table()
