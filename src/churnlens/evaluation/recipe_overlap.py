"""The six figures that the public recipe prints for Chinese four-field summaries, in its own way.

BLEU-4 and ROUGE as LLaMA-Factory computes them over the whole text, edit distance in characters,
embedding distance 1 - cosine. Shares between 0 and 1, the public figures are times 100; the edit
distance is in characters. Over JSON most of these scores is schema: print them beside
those of a constant answer, and score the fields by themselves (`summary_fields`).

`text_overlap` is the measure to choose where no public figure is to be met: the same Chinese
summaries have 29 BLEU here and 33 there.
"""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from churnlens.evaluation.text_overlap import (
    Scores,
    TextMetric,
    edit_distance,
    mean_metric,
    require_pairs,
)

if TYPE_CHECKING:
    from jieba import Tokenizer

ORDERS = (1, 2, 3, 4)
Encode = Callable[[Sequence[str]], np.ndarray]


class Embedder(NamedTuple):
    """An encoder of texts: its name with revision, the languages it knows, and texts → vectors."""

    name: str
    languages: tuple[str, ...]
    encode: Encode


def recipe_overlap(texts: Sequence[str], references: Sequence[str]) -> dict[str, TextMetric]:
    """Compare Chinese texts with one reference each, as the public recipe does.

    Args:
        texts: what was written; may be empty strings.
        references: what each is held against.

    Returns:
        `bleu_4`, `rouge_1`, `rouge_2`, `rouge_l` (shares), `edit_distance` (characters, lower is
        better) and `edit_distance_normalised` (over the length of the longer text).

    Raises:
        ValueError: when there are no texts, another number of references, or an empty reference.
    """
    require_pairs(texts, references)
    pairs = list(zip(texts, references, strict=True))
    edits = np.array([edit_distance(*pair) for pair in pairs], float)
    longer = np.array([max(map(len, pair)) for pair in pairs], float)
    return {
        "bleu_4": mean_metric(
            [sentence_bleu(*pair) for pair in pairs],
            "BLEU-4|mean of sentences|tok:character|smooth:method3|case:mixed|spaces:kept|nrefs:1",
        ),
        **_rouge(texts, references),
        "edit_distance": mean_metric(edits, "levenshtein|unit:character|norm:no|case:mixed"),
        "edit_distance_normalised": mean_metric(
            edits / longer, "levenshtein|unit:character|norm:longer|case:mixed"
        ),
    }


def sentence_bleu(text: str, reference: str) -> float:
    """Return BLEU-4 of one text over its characters, spaces included.

    As nltk's `sentence_bleu` with smoothing method 3 (Chen and Cherry 2014): the k-th order
    without a hit counts 2^-k hits. 0 for texts without a common character.
    """
    found, gold = _ngrams(text), _ngrams(reference)
    hits = [(one & two).total() for one, two in zip(found, gold, strict=True)]
    if not hits[0]:
        return 0.0
    misses, logs = 0, 0.0
    for hit, grams in zip(hits, found, strict=True):
        misses += not hit
        logs += math.log((hit or 0.5**misses) / max(1, grams.total()))
    brevity = min(0.0, 1 - len(reference) / len(text))
    return math.exp(brevity + logs / len(ORDERS))


def _ngrams(text: str) -> list[Counter[tuple[str, ...]]]:
    return [Counter(zip(*(text[i:] for i in range(n)), strict=False)) for n in ORDERS]


@lru_cache(maxsize=1)
def _jieba() -> Tokenizer:
    """Return a tokeniser with jieba's own dictionary, whatever words others have added."""
    import jieba

    jieba.setLogLevel(logging.WARNING)
    return jieba.Tokenizer()


class _Words:
    """The words of jieba as a tokeniser for rouge-score."""

    def tokenize(self, text: str) -> list[str]:
        """Return the words and punctuation of a text, without spaces."""
        return [word for word in _jieba().cut(text) if word.strip()]


def _set_f1(text: list[str], reference: list[str], n: int) -> float:
    """Return F1 of the different runs of n words: rouge-chinese counts each only once."""
    found, gold = (set(zip(*(t[i:] for i in range(n)), strict=False)) for t in (text, reference))
    return 2 * len(found & gold) / (len(found) + len(gold)) if found or gold else 0.0


def _rouge(texts: Sequence[str], references: Sequence[str]) -> dict[str, TextMetric]:
    """Return ROUGE as rouge-chinese 1.0.3 computes it over the words of jieba.

    Equal to 1e-7 for texts without line breaks (it counts blank lines as empty words) and without
    six dots in a row (it breaks words after them).
    """
    from rouge_score.rouge_scorer import RougeScorer

    split, scorer = _Words().tokenize, RougeScorer(["rougeL"], tokenizer=_Words())
    pairs = list(zip(texts, references, strict=True))
    words = [(split(text), split(reference)) for text, reference in pairs]
    longest = [scorer.score(gold, text)["rougeL"].fmeasure for text, gold in pairs]
    rule = f"F1|tok:jieba-{version('jieba')}|case:mixed|punct:kept|nrefs:1"
    once = f"{rule}|n-grams:different|as:rouge-chinese-1.0.3"
    return {
        "rouge_1": mean_metric([_set_f1(*pair, 1) for pair in words], f"rouge1|{once}"),
        "rouge_2": mean_metric([_set_f1(*pair, 2) for pair in words], f"rouge2|{once}"),
        "rouge_l": mean_metric(longest, f"rougeL|{rule}|rouge-score:{version('rouge-score')}"),
    }


def embedding_distance(
    texts: Sequence[str], references: Sequence[str], encode: Encode, encoder: str
) -> TextMetric:
    """Return 1 - cosine of each text's vector and its reference's; 0 is the same direction.

    Args:
        texts: what was written; may be empty strings.
        references: what each is held against.
        encode: texts to vectors, shape (n_texts, dimension); need not be of length one.
        encoder: its name with revision and pooling, for the signature: distances of two encoders
            do not compare.

    Returns:
        Distances between 0 and 2; 1 where a vector is zero.

    Raises:
        ValueError: when there are no texts, another number of references, or an empty reference.
    """
    return mean_metric(1 - _cosines(texts, references, encode), f"1-cosine|encoder:{encoder}")


def embedding_similarity(
    texts: Sequence[str], references: Sequence[str], encode: Encode, encoder: str
) -> TextMetric:
    """Return the cosine of each text's vector and its reference's, 0 for a text without words.

    Arguments and errors as of `embedding_distance`; between -1 and 1.
    """
    said = np.array([bool(text.strip()) for text in texts])
    cosines = np.where(said, _cosines(texts, references, encode), 0.0)
    return mean_metric(cosines, f"cosine|encoder:{encoder}|empty:0")


def _cosines(texts: Sequence[str], references: Sequence[str], encode: Encode) -> Scores:
    require_pairs(texts, references)
    one, two = _unit(encode(texts)), _unit(encode(references))
    return np.asarray(np.sum(one * two, axis=1), float)


def _unit(vectors: np.ndarray) -> Scores:
    vectors = np.asarray(vectors, float)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0)
