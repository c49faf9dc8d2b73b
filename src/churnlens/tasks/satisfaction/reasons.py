"""Why a customer is dissatisfied: reasons learnt from labelled dialogues, with quotes.

A softmax regression over TF-IDF of character n-grams (both languages, no tokeniser) and over the
turns in which words of the company's list stand. The n-grams know the trouble that was labelled,
the list carries over to trouble that was not. Only the customer's turns are read. The model is
numbers and texts, kept as JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from churnlens.options import ReasonOptions
from churnlens.schema import Frozen, Language
from churnlens.tasks.satisfaction.reason_words import (
    LONGEST,
    ReasonBook,
    ReasonTeller,
    Said,
    WordTeller,
)

UNCLEAR = "unclear"
_GRAMS = (1, 4)
_LIST_WEIGHT = 0.3  # of the list's columns beside TF-IDF rows of length one
_EDGE = 1e-9  # from 0 and 1, where log odds are taken
_AT_ONCE = 256  # texts that are told together, so that long dialogues do not fill the memory


class Quote(Frozen):
    """A turn that carried a reason.

    Attributes:
        turn: place among the texts that were given.
        text: what was said, redacted.
        weight: log odds of the reason with the turn minus without it, above zero.
    """

    turn: int
    text: str
    weight: float


class Told(Frozen):
    """One reason of a dialogue: its id, its name in the dialogue's language, P, and quotes."""

    reason: str
    name: str
    p: float
    quotes: tuple[Quote, ...]


class DialogueReasons(Frozen):
    """What is told of one dialogue.

    Attributes:
        label: the likeliest reason, the book's `none`, or `unclear` below the threshold.
        reasons: those at or above the threshold, the likeliest first.
    """

    label: str
    reasons: tuple[Told, ...]


class ReasonModel(Frozen):
    """Fitted weights; m terms, r reasons, k labels.

    Attributes:
        book: whose words are counted; r reasons.
        classes: the k labels of the rows of `weights`.
        terms, idf: character n-grams and their weights, m each.
        weights: k rows of m + r numbers.
        bias: k numbers.
        n: dialogues that it was fitted on.
    """

    book: ReasonBook
    classes: tuple[str, ...]
    terms: tuple[str, ...]
    idf: tuple[float, ...]
    weights: tuple[tuple[float, ...], ...]
    bias: tuple[float, ...]
    n: int


class LearntTeller:
    """A reason model, ready to tell."""

    def __init__(self, model: ReasonModel) -> None:
        """Unpack the weights; ValueError when their sizes do not fit together."""
        self._model, self._list = model, WordTeller(model.book)
        shape = (len(model.classes), len(model.terms) + len(model.book.reasons))
        sizes = {len(row) for row in model.weights}
        if (len(model.weights), *sizes) != shape or len(model.idf) != len(model.terms):
            raise ValueError(
                f"reason model: got {len(model.weights)} rows of {sorted(sizes)} weights, "
                f"expected {shape[0]} of {shape[1]}; next: fit it again"
            )
        self._vectorizer = _vectorizer(vocabulary=model.terms)
        self._vectorizer.idf_ = np.array(model.idf)
        self._weights, self._bias = np.array(model.weights), np.array(model.bias)

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the columns of the probabilities."""
        return self._model.classes

    def probabilities(self, dialogues: Sequence[Said]) -> np.ndarray:
        """Return P(label) of each dialogue, shape (n, n_labels)."""
        from scipy.special import softmax

        if not dialogues:
            return np.zeros((0, len(self.labels)))
        grams = self._vectorizer.transform([_joined(said) for said in dialogues])
        features = _features(grams, self._list, dialogues)
        return np.asarray(softmax(features @ self._weights.T + self._bias, axis=1))


def fit_reasons(
    dialogues: Sequence[Said], labels: Sequence[str], book: ReasonBook, options: ReasonOptions
) -> ReasonModel:
    """Fit the model.

    Args:
        dialogues: what the customers said, n of them.
        labels: the reason of each, or the book's `none`; n.
        book: the reasons.
        options: see there.

    Raises:
        ValueError: for labels that are in no book, or fewer than two different ones.
    """
    if unknown := sorted(set(labels) - set(book.labels)):
        raise ValueError(
            f"labels: {len(unknown)} are no reason of the book ({[u[:40] for u in unknown[:3]]}), "
            f"expected one of {list(book.labels)}; next: add them to reasons.yml"
        )
    if len(dialogues) != len(labels) or len(set(labels)) < 2:
        raise ValueError(
            f"got {len(dialogues)} dialogues with {len(labels)} labels, {len(set(labels))} of them "
            "different; expected one each, and two or more different ones"
        )
    from sklearn.linear_model import LogisticRegression

    vectorizer = _vectorizer(max_features=options.max_terms, min_df=2)
    grams = vectorizer.fit_transform([_joined(said) for said in dialogues])
    model = LogisticRegression(C=options.strength, max_iter=1000)
    model.fit(_features(grams, WordTeller(book), dialogues), np.array(labels))
    both = model.coef_.shape[0] == 1  # two labels: sklearn keeps the second one's weights only
    weights = np.vstack([-model.coef_, model.coef_]) / 2 if both else model.coef_
    bias = np.hstack([-model.intercept_, model.intercept_]) / 2 if both else model.intercept_
    return ReasonModel(
        book=book,
        classes=tuple(map(str, model.classes_)),
        terms=tuple(vectorizer.get_feature_names_out()),
        idf=tuple(np.round(vectorizer.idf_, 6).tolist()),
        weights=tuple(tuple(row) for row in np.round(weights, 6).tolist()),
        bias=tuple(np.round(bias, 6).tolist()),
        n=len(labels),
    )


def tell_reasons(
    said: Said, teller: ReasonTeller, book: ReasonBook, language: Language, options: ReasonOptions
) -> DialogueReasons:
    """Tell the reasons of one dialogue; see `tell_all`."""
    return tell_all([said], teller, book, [language], options)[0]


def tell_all(
    said: Sequence[Said],
    teller: ReasonTeller,
    book: ReasonBook,
    languages: Sequence[Language],
    options: ReasonOptions,
) -> list[DialogueReasons]:
    """Tell the reasons of dialogues, with quotes; each is told as it would be alone.

    Args:
        said: the customer's turns of each dialogue, redacted; of a long one the first and last are
            read.
        teller: `LearntTeller`, or `WordTeller` without labelled dialogues.
        book: the names of the reasons.
        languages: of the names, one a dialogue.
        options: see there.
    """
    places = [_read(len(turns), options.max_turns) for turns in said]
    texts = [[turns[at] for at in own] for turns, own in zip(said, places, strict=True)]
    chances = _chances(texts, teller)
    columns = [_columns(p, teller, book, options) for p in chances]
    gaps = _without_each(
        [each if told else [] for each, told in zip(texts, columns, strict=True)], chances, teller
    )
    found = []
    for n, p in enumerate(chances):
        likely = teller.labels[int(p.argmax())] if p.max() >= options.threshold else UNCLEAR
        reasons = []
        for at in columns[n]:
            quotes = _quotes(texts[n], places[n], gaps[n][:, at], options)
            kind = teller.labels[at]
            name = book.reasons[kind].name.of(languages[n])
            reasons.append(Told(reason=kind, name=name, p=float(p[at]), quotes=quotes))
        found.append(DialogueReasons(label=likely, reasons=tuple(reasons)))
    return found


def _columns(
    p: np.ndarray, teller: ReasonTeller, book: ReasonBook, options: ReasonOptions
) -> list[int]:
    """Return the columns of the reasons to tell, the likeliest first."""
    order = [int(at) for at in np.argsort(-p, kind="stable")]
    return [at for at in order if p[at] >= options.threshold and teller.labels[at] in book.reasons]


def _quotes(
    texts: Said, places: Sequence[int], gaps: np.ndarray, options: ReasonOptions
) -> tuple[Quote, ...]:
    """Return the turns that carry a reason most, in their order; `gaps` has shape (turns,)."""
    best = [int(at) for at in np.argsort(-gaps, kind="stable") if gaps[at] > 0]
    return tuple(
        Quote(turn=places[at], text=texts[at], weight=float(gaps[at]))
        for at in sorted(best[: options.quotes])
    )


def placed(found: DialogueReasons, places: Sequence[int]) -> DialogueReasons:
    """Return the reasons with places of the dialogue instead of those among the texts given."""
    reasons = [
        told.model_copy(
            update={
                "quotes": tuple(
                    quote.model_copy(update={"turn": places[quote.turn]}) for quote in told.quotes
                )
            }
        )
        for told in found.reasons
    ]
    return found.model_copy(update={"reasons": tuple(reasons)})


def _read(turns: int, most: int) -> list[int]:
    """Return the places that are read: the first and the last ones of a long dialogue."""
    first = range(min(turns, -(-most // 2)))
    return [*first, *range(max(len(first), turns - most // 2), turns)]


def _without_each(
    texts: Sequence[Said], chances: np.ndarray, teller: ReasonTeller
) -> list[np.ndarray]:
    """Return how far the log odds of each label fall without each turn, (turns, labels) each."""
    from scipy.special import logit

    others = [[*own[:at], *own[at + 1 :]] for own in texts for at in range(len(own))]
    odds, without = (
        logit(np.clip(each, _EDGE, 1 - _EDGE)) for each in (chances, _chances(others, teller))
    )
    ends = np.cumsum([len(own) for own in texts])[:-1]
    parts = np.split(without, ends) if texts else []
    return [before - after for before, after in zip(odds, parts, strict=True)]


def _chances(texts: Sequence[Said], teller: ReasonTeller) -> np.ndarray:
    """Return P(label) of each text, shape (n, n_labels), not too many at once."""
    starts = range(0, max(1, len(texts)), _AT_ONCE)
    return np.vstack([teller.probabilities(texts[at : at + _AT_ONCE]) for at in starts])


def _joined(said: Said) -> str:
    return "\n".join(text[:LONGEST] for text in said)


def _vectorizer(**more: Any) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(analyzer="char", ngram_range=_GRAMS, sublinear_tf=True, **more)


def _features(grams: Any, words: WordTeller, dialogues: Sequence[Said]) -> Any:
    """Return TF-IDF beside the list's turns, sparse of shape (n, m + r)."""
    from scipy.sparse import csr_matrix, hstack

    turns = _LIST_WEIGHT * np.log1p(words.counts(dialogues))
    return hstack([grams, csr_matrix(turns)]).tocsr()
