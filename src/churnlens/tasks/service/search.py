"""Which passage a customer's turn is about: by meaning, by words, and how sure that is.

Every passage is known by its text, by the questions under `asked`, and by what customers say in
the training dialogues that it answers; and by each sentence of its text, since a question is after
one of them. A turn's score for a passage is the weighted sum of four signs, each standardised over
the passages, so that how far ahead a passage is counts, which ranks alone would not tell: the best
cosine to what it is known by, the best to one of its sentences, the best BM25 to either, and a
linear discriminant over the texts of both languages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from churnlens.dialogues.words import language_of
from churnlens.models.embedding import TextEncoder
from churnlens.options import SearchOptions
from churnlens.retrieval.lexical import LexicalIndex
from churnlens.retrieval.tokenize import tokenize
from churnlens.schema import Frozen, Language
from churnlens.tasks.service.discriminant import Discriminant, fit_discriminant
from churnlens.tasks.service.handbook import Handbook
from churnlens.tasks.service.scripts import Script

LANGUAGES: tuple[Language, ...] = ("en", "zh")
_SCOPE = "conduct.scope"
_END = re.compile(r"(?<=[.?!;])\s+|(?<=[。；！？])")  # of a sentence
_LONGEST = 200  # characters of a customer's turn that is kept as an example


class Found(Frozen):
    """One passage for a turn.

    Attributes:
        passage: its id.
        score: standardised, comparable within a turn.
        cosine: to the nearest text by which the passage is known.
        confidence: softmax of the scores over all passages.
    """

    passage: str
    score: float
    cosine: float
    confidence: float


@dataclass(frozen=True)
class PassageIndex:
    """The texts by which the passages are known in one language.

    Attributes:
        passages: ids, n_passages of them.
        owner: place of the passage of each text, shape (n_texts,).
        vectors: of the texts, shape (n_texts, dimensions), rows of length one.
        sentences: which texts are single sentences of a passage, shape (n_texts,).
        lexical: BM25 over the texts.
        discriminant: over the texts of all languages, classes as `passages`.
    """

    passages: tuple[str, ...]
    owner: np.ndarray
    vectors: np.ndarray
    sentences: np.ndarray
    lexical: LexicalIndex
    discriminant: Discriminant

    def search(self, text: str, vector: np.ndarray, options: SearchOptions) -> list[Found]:
        """Return all passages, the best first.

        Args:
            text: of the turn.
            vector: of the same text, as a query; shape (dimensions,).
            options: how words and meaning are weighed.
        """
        near = self.vectors @ vector
        cosines = self._best(np.where(self.sentences, -np.inf, near))
        words = np.zeros(len(self.owner))
        hits = self.lexical.search(tokenize(text), len(words))
        words[hits.positions] = hits.scores
        scores = (
            options.meaning * _standard(cosines)
            + options.sentence * _standard(self._best(np.where(self.sentences, near, -np.inf)))
            + options.lexical * _standard(self._best(words))
            + options.discriminant * _standard(self.discriminant.scores(vector))
        )
        weights = np.exp(options.sharpness * (scores - scores.max()))
        shares = weights / weights.sum()
        return [
            Found(
                passage=self.passages[at],
                score=float(scores[at]),
                cosine=float(cosines[at]),
                confidence=float(shares[at]),
            )
            for at in np.argsort(-scores, kind="stable")
        ]

    def _best(self, values: np.ndarray) -> np.ndarray:
        """Return the highest value of any text of each passage."""
        best = np.full(len(self.passages), -np.inf)
        np.maximum.at(best, self.owner, values)
        return best


def build_indices(
    handbook: Handbook,
    encoder: TextEncoder,
    scripts: Iterable[Script] = (),
    others: Sequence[str] = (),
    shrinkage: float = 0.5,
) -> dict[Language, PassageIndex]:
    """Embed and weigh everything by which the passages are known, in each language.

    Args:
        handbook: the passages.
        encoder: of texts in all languages.
        scripts: training dialogues; never held-out ones.
        others: requests that are none of the assistant's business, in any language.
        shrinkage: of the discriminant, see `fit_discriminant`.
    """
    kept, passages = list(scripts), tuple(handbook.passages)
    places = {key: place for place, key in enumerate(passages)}
    known = {each: known_texts(handbook, each, kept, others) for each in LANGUAGES}
    owners = {each: np.array([places[key] for key, _ in known[each]]) for each in LANGUAGES}
    vectors = {each: encoder.encode([text for _, text in known[each]]) for each in LANGUAGES}
    discriminant = fit_discriminant(
        np.concatenate([vectors[each] for each in LANGUAGES]),
        np.concatenate([owners[each] for each in LANGUAGES]),
        len(passages),
        shrinkage,
    )
    return {
        each: PassageIndex(
            passages=passages,
            owner=owners[each],
            vectors=vectors[each],
            sentences=np.arange(len(owners[each]))
            >= len(known[each]) - len(sentences_of(handbook, each)),
            lexical=LexicalIndex.build([tokenize(text) for _, text in known[each]]),
            discriminant=discriminant,
        )
        for each in LANGUAGES
    }


def known_texts(
    handbook: Handbook,
    language: Language,
    scripts: Iterable[Script] = (),
    others: Sequence[str] = (),
) -> list[tuple[str, str]]:
    """Return (passage id, text) of every text by which a passage is known, its sentences last.

    Args:
        handbook: the passages.
        language: of the texts.
        scripts: training dialogues in any language; never held-out ones.
        others: requests that are none of the assistant's business, in any language; known as
            `conduct.scope`.
    """
    known = list(_known(handbook, language, scripts))
    if _SCOPE in handbook.passages:
        known += [(_SCOPE, text) for text in others if language_of([text]) == language]
    return [*known, *sentences_of(handbook, language)]


def sentences_of(handbook: Handbook, language: Language) -> list[tuple[str, str]]:
    """Return (passage id, title and sentence) for every sentence of every passage."""
    return [
        (key, f"{passage.title.of(language)}. {sentence}")
        for key, passage in handbook.passages.items()
        for sentence in _END.split(handbook.text(key, language))
        if sentence
    ]


def _known(
    handbook: Handbook, language: Language, scripts: Iterable[Script]
) -> Iterable[tuple[str, str]]:
    for key, passage in handbook.passages.items():
        yield key, f"{passage.title.of(language)}. {handbook.text(key, language)}"
    yield from handbook.questions(language)
    for script in scripts:
        asked, answer = script.turns[:2]
        if script.language == language and len(asked.text) <= _LONGEST:
            yield answer.citations[0], asked.text


def _standard(values: np.ndarray) -> np.ndarray:
    spread = values.std()
    return (values - values.mean()) / (spread if spread > 0 else 1.0)
