"""Text against a reference, text against itself, and texts against one another.

Scores are shares between 0 and 1 (publications print them times 100). A score means nothing
without its signature: the same Chinese texts differ by 19 BLEU points between two tokenisers.
Overlap says how near a text is to one wording, not whether it is true; print it beside the score
of a constant text.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from churnlens.schema import Frozen, Language

Scores = NDArray[np.float64]
ROUGE = ("rouge1", "rouge2", "rougeL")
_BLEU_TOKENISER = {"en": "13a", "zh": "zh"}


@dataclass(frozen=True, eq=False)
class TextMetric:
    """One measure of many texts.

    Attributes:
        corpus: of all texts together; the mean of `items` except for BLEU.
        items: of each text, shape (n_texts,), for paired tests.
        signature: library, version and every choice that moves the score.
    """

    corpus: float
    items: Scores
    signature: str


class Variety(Frozen):
    """How much many texts differ from one another; a longer text repeats more, so see `length`.

    Attributes:
        texts: how many there were.
        distinct_1, distinct_2: different words (pairs) over all words (pairs) (Li et al. 2016).
        compression_ratio: bytes over compressed bytes, 1 or more; less is more variety, and the
            measure that agrees best with others (Shaib et al. 2024, arXiv 2403.00553).
        shared: mean of `shared_ngrams`; less is more variety.
        signature: tokeniser and compressor.
    """

    texts: int
    distinct_1: float
    distinct_2: float
    compression_ratio: float
    shared: float
    signature: str


def text_overlap(
    texts: Sequence[str], references: Sequence[str], language: Language
) -> dict[str, TextMetric]:
    """Compare texts with one reference each, all in one language.

    `bleu` is corpus BLEU-4 by sacrebleu (13a for English, zh for Chinese), with sentence BLEU of
    effective order as items. `rouge1`, `rouge2` and `rougeL` are F-measures by rouge-score: Porter
    stems of English words; Chinese characters, punctuation kept. `edit_similarity` is 1 −
    Levenshtein distance of the characters / length of the longer text.

    Args:
        texts: what was written; may be empty strings.
        references: what each is held against.
        language: of all of them.

    Raises:
        ValueError: when there are no texts, another number of references, or an empty reference.
    """
    require_pairs(texts, references)
    edits = [_edit_similarity(*pair) for pair in zip(texts, references, strict=True)]
    return {
        "bleu": _bleu(texts, references, language),
        **rouge(texts, [[reference] for reference in references], language),
        "edit_similarity": mean_metric(edits, "levenshtein|unit:character|norm:longer|case:mixed"),
    }


def require_pairs(texts: Sequence[str], references: Sequence[str]) -> None:
    """Check that there are texts, each with a reference that says something.

    Raises:
        ValueError: otherwise.
    """
    if not texts or len(texts) != len(references):
        raise ValueError(f"need one reference a text, got {len(texts)} and {len(references)}")
    empty = [place for place, reference in enumerate(references) if not reference.strip()]
    if empty:
        raise ValueError(f"{len(empty)} references are empty, the first at place {empty[0]}")


def mean_metric(items: Sequence[float] | Scores, signature: str) -> TextMetric:
    """Return a measure whose score of all texts is the mean over the texts."""
    return TextMetric(float(np.mean(items)), np.asarray(items, float), signature)


def _bleu(texts: Sequence[str], references: Sequence[str], language: Language) -> TextMetric:
    from sacrebleu.metrics.bleu import BLEU

    corpus = BLEU(tokenize=_BLEU_TOKENISER[language])
    sentence = BLEU(tokenize=_BLEU_TOKENISER[language], effective_order=True)
    pairs = zip(texts, references, strict=True)
    items = [sentence.sentence_score(text, [reference]).score / 100 for text, reference in pairs]
    score = corpus.corpus_score(texts, [references]).score / 100
    return TextMetric(score, np.array(items), f"BLEU|{corpus.get_signature()}|items:eff:yes")


class _Characters:
    """Tokeniser for rouge-score, whose own one drops every Chinese character."""

    def tokenize(self, text: str) -> list[str]:
        """Return every character but spaces."""
        return [sign for sign in text if not sign.isspace()]


def rouge(
    texts: Sequence[str], references: Sequence[Sequence[str]], language: Language
) -> dict[str, TextMetric]:
    """Return ROUGE-1, 2 and L (F-measures) as the mean over each text's references.

    Tokens as in `text_overlap`. The mean, not the maximum: the maximum rewards many references.
    ROUGE-L takes each text as one sentence.

    Args:
        texts: what was written.
        references: one or more of each text; their number may differ.
        language: of all of them.

    Raises:
        ValueError: when there are no texts, or a text has no reference or an empty one.
    """
    if len(texts) != len(references):
        raise ValueError(f"need references of each text, got {len(texts)} and {len(references)}")
    require_pairs(
        texts, [" ".join(each) if all(map(str.strip, each)) else "" for each in references]
    )
    from rouge_score.rouge_scorer import RougeScorer

    own = _Characters() if language == "zh" else None
    scorer = RougeScorer(ROUGE, use_stemmer=True, tokenizer=own)
    rows = [
        [scorer.score(reference, text) for reference in each]
        for text, each in zip(texts, references, strict=True)
    ]
    signature = _rouge_signature(references, language)
    return {
        name: mean_metric(
            [float(np.mean([score[name].fmeasure for score in row])) for row in rows],
            f"{name}|{signature}",
        )
        for name in ROUGE
    }


def _rouge_signature(references: Sequence[Sequence[str]], language: Language) -> str:
    rule = {
        "en": "tok:default|stem:porter|case:lower|punct:dropped",
        "zh": "tok:character|stem:no|case:mixed|punct:kept",
    }[language]
    counts = sorted({len(each) for each in references})
    several = "" if counts == [1] else "|over-refs:mean"
    n = f"nrefs:{'-'.join(map(str, dict.fromkeys((counts[0], counts[-1]))))}"
    return f"F1|{rule}|{n}{several}|rouge-score:{version('rouge-score')}"


def _edit_similarity(first: str, second: str) -> float:
    longer = max(len(first), len(second))
    return 1.0 - edit_distance(first, second) / longer if longer else 1.0


def edit_distance(first: str, second: str) -> int:
    """Return the Levenshtein distance in characters."""
    # one vectorised row of the table at a time
    signs, steps = np.array([ord(sign) for sign in second]), np.arange(len(second) + 1)
    row = steps
    for sign in first:
        best = row + 1
        best[1:] = np.minimum(best[1:], row[:-1] + (signs != ord(sign)))
        row = np.minimum.accumulate(best - steps) + steps
    return int(row[-1])


def _tokeniser(language: Language) -> Callable[[str], list[str]]:
    """Return the tokeniser of BLEU, without regard to case."""
    from sacrebleu.metrics.bleu import BLEU

    split = BLEU(tokenize=_BLEU_TOKENISER[language]).tokenizer
    return lambda text: str(split(text.casefold())).split()


def _ngrams(texts: Sequence[str], language: Language, n: int) -> list[Counter[tuple[str, ...]]]:
    """Return the counted runs of `n` tokens of each text."""
    tokenise = _tokeniser(language)
    tokens = [tokenise(text) for text in texts]
    return [Counter(zip(*(each[i:] for i in range(n)), strict=False)) for each in tokens]


def length(texts: Sequence[str], language: Language) -> Scores:
    """Return the number of tokens of each text, as BLEU counts them, shape (n_texts,)."""
    return np.array([grams.total() for grams in _ngrams(texts, language, 1)], float)


def repetition(texts: Sequence[str], language: Language, n: int = 4) -> Scores:
    """Return 1 − different / all runs of `n` tokens inside each text (rep-n, Welleck et al. 2020).

    Returns:
        Shares of shape (n_texts,); NaN for a text of fewer than `n` tokens.
    """
    counts = _ngrams(texts, language, n)
    return np.array([1 - len(each) / each.total() if each else np.nan for each in counts], float)


def shared_ngrams(texts: Sequence[str], language: Language, n: int = 4) -> Scores:
    """Return the share of each text's different runs of `n` tokens that another text has too.

    0 where nobody else writes so, 1 for a filled-in form (after Salkar et al. 2022). An item per
    text makes the variety of two arms comparable by a paired test.

    Returns:
        Shares of shape (n_texts,); NaN for a text of fewer than `n` tokens.
    """
    counts = _ngrams(texts, language, n)
    holders = Counter(gram for each in counts for gram in each)
    return np.array(
        [np.mean([holders[g] > 1 for g in each]) if each else np.nan for each in counts]
    )


def _distinct(counts: Sequence[Counter[tuple[str, ...]]]) -> float:
    total = sum(each.total() for each in counts)
    return len({gram for each in counts for gram in each}) / total if total else float("nan")


def variety(texts: Sequence[str], language: Language) -> Variety:
    """Measure how much texts differ; compare arms only over the same questions.

    Raises:
        ValueError: for fewer than two texts.
    """
    if len(texts) < 2:
        raise ValueError(f"variety needs two texts or more, got {len(texts)}")
    raw = "\n".join(texts).encode()
    shared = shared_ngrams(texts, language)
    return Variety(
        texts=len(texts),
        distinct_1=_distinct(_ngrams(texts, language, 1)),
        distinct_2=_distinct(_ngrams(texts, language, 2)),
        compression_ratio=len(raw) / len(zlib.compress(raw, level=9)),
        shared=float(np.nanmean(shared)) if np.isfinite(shared).any() else float("nan"),
        signature=f"tok:{_BLEU_TOKENISER[language]}|case:lower|sacrebleu:{version('sacrebleu')}"
        "|shared:4|zlib:9",
    )
