import pandas as pd
import pytest

from churnlens.options import IndexingOptions
from churnlens.pipelines.indexing.churn.nodes import build_lexical_index, choose_engine
from churnlens.retrieval.lexical import LexicalIndex
from churnlens.retrieval.tokenize import tokenize

TEXTS = pd.DataFrame(
    {"text": ["slow network", "网速太慢", "too expensive", "价格太贵", "friendly staff"]}
)


@pytest.mark.parametrize(
    ("rows", "chosen", "engine"),
    [
        (20_000, "auto", "rank_bm25"),
        (20_001, "auto", "bm25s"),
        (5, "bm25s", "bm25s"),
        (10**6, "rank_bm25", "rank_bm25"),
    ],
)
def test_the_engine_follows_the_size_unless_it_is_named(rows, chosen, engine):
    assert choose_engine(rows, IndexingOptions(lexical_engine=chosen)) == engine


@pytest.mark.parametrize("engine", ["rank_bm25", "bm25s"])
def test_the_stored_lexical_index_finds_words_of_both_languages(engine):
    table = build_lexical_index(TEXTS, IndexingOptions(lexical_engine=engine))
    index = LexicalIndex.from_table(table, len(TEXTS))
    for question, position in (("expensive", 2), ("价格", 3)):
        assert index.search(tokenize(question), 3).positions[0] == position
