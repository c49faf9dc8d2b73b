"""Whether bm25s ranks as rank-bm25 does: `python benchmarks/lexical.py [DATA_ROOT]`.

Both engines weigh the tokens of a run's documents and search the development questions.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import yaml

from churnlens.evaluation.question_bench import generate, read_bench
from churnlens.retrieval.agreement import agreement
from churnlens.retrieval.lexical import LexicalIndex
from churnlens.retrieval.tokenize import tokenize


def main() -> None:
    """Print overlap@10, nDCG@10 and the number of questions, rank-bm25 being the judge."""
    root = Path(sys.argv[1] if len(sys.argv) > 1 else "data")
    documents = pd.read_parquet(root / "04_feature" / "churn" / "documents.parquet")
    tokens = [tokenize(text) for text in documents["text"]]
    bench = read_bench(yaml.safe_load(Path("conf/base/bench/telco.yml").read_text("utf-8")))
    queries = [tokenize(question.text) for question in generate(bench, "dev")]
    judge, judged = (LexicalIndex.build(tokens, engine) for engine in ("rank_bm25", "bm25s"))
    found = agreement(judge, judged, queries)
    print(f"{len(tokens):,} documents, {found.n_queries} questions")
    print(f"overlap@10 {found.overlap:.3f}, nDCG@10 {found.ndcg:.3f}")


if __name__ == "__main__":
    main()
