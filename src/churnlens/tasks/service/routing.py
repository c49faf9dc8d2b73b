"""Routing by example: which intent a request has, learned from labelled requests.

For a company that has such requests. The assistant itself needs none: it routes by the handbook
(`search.py`). Words and pieces of words stand beside the encoder's vectors; a linear model over
both gives the probabilities.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from churnlens.dialogues.near import near_pairs
from churnlens.dialogues.splits import joined
from churnlens.models.embedding import TextEncoder
from churnlens.retrieval.tokenize import tokenize
from churnlens.schema import Frozen

_ASKING = frozenset(
    [
        "want",
        "need",
        "help",
        "assist",
        "assistanc",
        "support",
        "problem",
        "issu",
        "question",
        "can",
        "could",
        "would",
        "please",
        "pleas",
        "tell",
        "know",
        "how",
        "do",
        "dont",
        "have",
        "got",
        "try",
        "trying",
        "get",
        "info",
        "inform",
        "information",
        "about",
        "able",
        "abl",
        "where",
        "what",
        "give",
        "gimme",
        "like",
    ]
)  # words of asking as such, which tell no template from another


class Route(Frozen):
    """An intent with the probability that it is right."""

    intent: str
    confidence: float


class Router:
    """A fitted linear model over requests."""

    def __init__(self, intents: Sequence[str], features: Any, model: Any) -> None:
        """Keep what `train_router` fitted."""
        self.intents, self._features, self._model = tuple(intents), features, model

    def probabilities(self, texts: Sequence[str]) -> np.ndarray:
        """Return probabilities of shape (n_texts, n_intents), columns as `intents`."""
        return np.asarray(self._model.predict_proba(self._features(texts)))

    def route(self, text: str) -> Route:
        """Return the likeliest intent of one request."""
        row = self.probabilities([text])[0]
        return Route(intent=self.intents[int(row.argmax())], confidence=float(row.max()))


def train_router(
    texts: Sequence[str],
    intents: Sequence[str],
    encoder: TextEncoder | None = None,
    strength: float = 30.0,
) -> Router:
    """Fit a router; the same rows give the same router.

    Args:
        texts: n requests.
        intents: of each, two or more different ones.
        encoder: adds meaning to the words; None routes by words alone.
        strength: inverse of the L2 penalty (`LogisticRegression.C`).
    """
    from scipy.sparse import csr_matrix, hstack
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    words = TfidfVectorizer(tokenizer=tokenize, token_pattern=None, sublinear_tf=True)
    pieces = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2, sublinear_tf=True)
    words.fit(texts)
    pieces.fit(texts)

    def features(batch: Sequence[str]) -> Any:
        parts = [words.transform(batch), pieces.transform(batch)]
        if encoder:
            parts.append(csr_matrix(encoder.encode(list(batch), query=True)))
        return hstack(parts).tocsr()

    model = LogisticRegression(C=strength, max_iter=2000).fit(features(texts), list(intents))
    return Router([str(each) for each in model.classes_], features, model)


def template_families(texts: Sequence[str], intents: Sequence[str], near: float = 0.5) -> list[str]:
    """Return the family of each request: what one template of an intent may have made.

    In one family are requests of one intent with the same words, those of asking aside, those that
    are nearly alike letter by letter (misspelt, for instance), and whatever these join.

    Args:
        texts: with entities (order numbers, names) taken out.
        intents: of each.
        near: least similarity of near ones, see `dialogues.near.near_pairs`.
    """
    links = [(a, b) for a, b in near_pairs(texts, near) if intents[a] == intents[b]]
    first: dict[tuple[str, frozenset[str]], int] = {}
    for place, (text, intent) in enumerate(zip(texts, intents, strict=True)):
        said = frozenset(tokenize(text)) - _ASKING
        links.append((first.setdefault((intent, said), place), place))
    return [f"{intents[root]}-{root}" for root in joined(len(texts), links)]
