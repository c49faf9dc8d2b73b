"""Words of mixed Chinese and English text, the same for documents and for questions.

English words lose punctuation, stop words and their ending. Chinese runs become overlapping
bigrams plus single characters: no dictionary, no start-up time, and never one token for a whole
clause. On each of five sets of real Chinese pairs its recall@5 was within 0.002 of the best of
bigrams alone, dictionary words in search mode, and those with their characters; on questions with
their answers it was 0.03 to 0.12 above them.
Scripts that have neither spaces between words nor Han characters or kana (Thai, Khmer) are not
covered.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_HAN = "々〇\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_PIECE = re.compile(rf"(?P<han>[{_HAN}]+)|\d+(?:\.\d+)+|[^\W_{_HAN}]+")
_APOSTROPHE = re.compile(r"(?<=\w)(?:['’]s\b|['’](?=\w))")
_FUNCTION_CHARACTERS = frozenset("的了吗呢吧啊呀也都就还是我你他她它们这那和与在有把被着过很")
_INFLECTED = re.compile(r"(.*[aeiouy].*)(?:ing|(?<!e)ed)")


@lru_cache(maxsize=1)
def _stop_words() -> frozenset[str]:
    """Return English stop words, spelt as `tokenize` spells words before stemming."""
    from bm25s.stopwords import STOPWORDS_EN_PLUS

    return frozenset(word.replace("'", "") for word in STOPWORDS_EN_PLUS)


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """Return an English word without its plural, -ed, -ing and final e.

    A light stemmer: "charges", "charged" and "charging" become "charg". Words of up to three
    letters, numbers and other scripts stay as they are.
    """
    if len(word) <= 3 or not (word.isascii() and word.isalpha()):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word[-1] == "s" and word[-2] not in "sui":
        word = word[:-1]
    if (match := _INFLECTED.fullmatch(word)) and len(match[1]) >= 3:
        word = match[1]
        if word[-1] == word[-2] and word[-1] not in "lsz":
            word = word[:-1]
    return word[:-1] if len(word) > 3 and word[-1] == "e" else word


def _han_tokens(run: str) -> list[str]:
    """Return the single characters of a run, then its bigrams, without function characters."""
    pairs = [run[i : i + 2] for i in range(len(run) - 1)]
    return [token for token in (*run, *pairs) if not _FUNCTION_CHARACTERS.issuperset(token)]


def tokenize(text: str) -> list[str]:
    """Return the search tokens of a text, in order and with repeats.

    >>> tokenize("The 5G prices don't drop: 网速慢")
    ['5g', 'pric', 'drop', '网', '速', '慢', '网速', '速慢']

    Args:
        text: English, Chinese or both; any width, case and punctuation.
    """
    plain = unicodedata.normalize("NFKC", text).lower()
    tokens: list[str] = []
    for match in _PIECE.finditer(_APOSTROPHE.sub("", plain)):
        if match["han"]:
            tokens += _han_tokens(match[0])
        elif match[0] not in _stop_words():
            tokens.append(stem(match[0]))
    return tokens
