"""Finding texts: words, vectors, their fusion, and a choice that shows every reason.

Everything works inside a filter that is given first, so a hit outside the asked group cannot
happen. Positions are row numbers of the documents table, the same in every index.
"""

from churnlens.retrieval.agreement import Agreement, agreement
from churnlens.retrieval.dense import build_index, search_dense
from churnlens.retrieval.diversity import Groups, diversify
from churnlens.retrieval.fusion import reciprocal_rank_fusion
from churnlens.retrieval.hits import Hits
from churnlens.retrieval.lexical import Engine, LexicalIndex
from churnlens.retrieval.search import Hit, HybridRetriever
from churnlens.retrieval.tokenize import tokenize

__all__ = [
    "Agreement",
    "Engine",
    "Groups",
    "Hit",
    "Hits",
    "HybridRetriever",
    "LexicalIndex",
    "agreement",
    "build_index",
    "diversify",
    "reciprocal_rank_fusion",
    "search_dense",
    "tokenize",
]
