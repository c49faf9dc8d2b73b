r"""Which token comes next: the best one that the grammar allows and the budget can still close.

Being inside the grammar is not enough: a text that is cut off at `max_new_tokens` is a valid
beginning and no JSON. So each row always knows one way to end from where it stands, and takes a
token only if the way to end from there still fits into what is left. Every answer is complete.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch
    from llguidance import LLMatcher, LLTokenizer

_IN_STRING = ('"', " (", "(", ".", "。")  # figures in brackets end a sentence, so that it may stop
_OUTSIDE = ("}", "]", '"')
_ESCAPED = re.compile(rb"\\.", re.DOTALL)


class RequestError(ValueError):
    """A request that the model cannot serve; says which, why, and what to change."""


class Vocabulary:
    """A tokenizer as the grammar engine sees it; slow to build (0.3 s), shared by all rows."""

    def __init__(self, tokenizer: Any, size: int, ends: list[int]) -> None:
        """Wrap a fast Hugging Face tokenizer.

        Args:
            tokenizer: the fast tokenizer.
            size: number of logits of the model, which may exceed the tokenizer's own.
            ends: ids that end a text; the first one is written.
        """
        from llguidance.hf import from_tokenizer

        self.inner: LLTokenizer = from_tokenizer(tokenizer, n_vocab=size, eos_token=ends)
        self.ends = ends
        self._lengths: np.ndarray | None = None

    def longest(self, allowed: np.ndarray) -> int:
        """Return the allowed token that writes most bytes; the lowest id of several."""
        if self._lengths is None:
            sizes = [len(self.inner.decode_bytes([i])) for i in range(self.inner.vocab_size)]
            self._lengths = np.array(sizes)
        return int(np.where(allowed, self._lengths, -1).argmax())

    def closer(self, written: list[int], allowed: np.ndarray) -> int:
        """Return the allowed token that brings a JSON text nearest to its end."""
        text = _ESCAPED.sub(b"", self.inner.decode_bytes(written))
        for symbol in _IN_STRING if text.count(b'"') % 2 else _OUTSIDE:
            token = self.inner.greedy_tokenize(symbol)[0]
            if allowed[token]:
                return token
        return self.longest(allowed)


def _allowed(matcher: LLMatcher) -> np.ndarray:
    return np.frombuffer(matcher.compute_logit_bias(), dtype=np.uint8) != 0


def way_to_end(
    matcher: LLMatcher, vocabulary: Vocabulary, written: list[int], limit: int
) -> list[int] | None:
    """Return tokens that complete the text, or None when this way takes more than `limit`.

    Args:
        matcher: where the text stands; it is not moved.
        vocabulary: what the tokens mean.
        written: the tokens so far.
        limit: most tokens that may be used.
    """
    trial, path = matcher.deep_copy(), list[int]()
    while not trial.is_accepting():
        step = trial.compute_ff_tokens()
        step = step or [vocabulary.closer(written + path, _allowed(trial))]
        path += step
        if len(path) > limit or not trial.consume_tokens(step):
            return None
    return path


def _ends_with(matcher: LLMatcher, path: list[int], limit: int) -> bool:
    """Whether `path` completes the text from here, within `limit` tokens.

    The way to end from one token earlier mostly does, and asking costs a tenth of finding another.
    """
    if not path or len(path) > limit or matcher.validate_tokens(path) < len(path):
        return False
    trial = matcher.deep_copy()
    return bool(trial.consume_tokens(path) and trial.is_accepting())


class Row:
    """One text being written, with what is left of its budget.

    Attributes:
        tokens: what is written so far, the forced beginning included.
    """

    def __init__(self, vocabulary: Vocabulary, grammar: str | None, budget: int, key: str) -> None:
        """Start a text of at most `budget` tokens; without a grammar it is free.

        Raises:
            RequestError: when the grammar cannot be followed, or not within the budget.
        """
        from llguidance import LLMatcher

        self.tokens: list[int] = []
        self._vocabulary, self._left, self._ended = vocabulary, budget, False
        self._matcher = None if grammar is None else LLMatcher(vocabulary.inner, grammar)
        self._end: list[int] = []
        if self._matcher is not None:
            self._begin(self._matcher, key)

    def _begin(self, matcher: LLMatcher, key: str) -> None:
        """Write what the grammar forces anyway, so that it is read with the prompt."""
        if matcher.is_error():
            raise RequestError(f"request {key}: the grammar failed: {matcher.get_error()[:300]}")
        end = way_to_end(matcher, self._vocabulary, [], self._left)
        if end is None:
            raise RequestError(
                f"request {key}: expected max_new_tokens to hold the shortest text of the grammar, "
                f"got {self._left}; raise it or make the grammar smaller"
            )
        self._end = end
        for token in matcher.compute_ff_tokens():
            self._write(token)

    @property
    def finished(self) -> bool:
        """Whether the text is complete: inside a grammar always, else if it ended by itself."""
        return self._ended if self._matcher is None else self._matcher.is_accepting()

    def next_token(self, scores: torch.Tensor) -> int:
        """Choose, record and return the next token; an end token once the text is over.

        Args:
            scores: logits of this row, shape (vocabulary,).
        """
        if self._ended or not self._left:
            return self._vocabulary.ends[0]
        token = self._best(scores)
        self._ended = token in self._vocabulary.ends
        if not self._ended:
            self._write(token)
        return token

    def _best(self, scores: torch.Tensor) -> int:
        if self._matcher is None:
            return int(scores.argmax())
        import torch

        allowed = torch.from_numpy(_allowed(self._matcher)).to(scores.device)
        best = int(scores.masked_fill(~allowed, -torch.inf).argmax())
        safe = self._end[0] if self._end else self._vocabulary.ends[0]
        return best if best == safe or self._can_end_after(best, self._matcher) else safe

    def _can_end_after(self, token: int, matcher: LLMatcher) -> bool:
        """Whether the text can still be completed after `token`; remembers how."""
        if token in self._vocabulary.ends:
            return True
        trial = matcher.deep_copy()
        trial.consume_token(token)
        if not _ends_with(trial, self._end, self._left - 1):
            end = way_to_end(trial, self._vocabulary, [*self.tokens, token], self._left - 1)
            if end is None:
                return False
            self._end = end
        self._end = [token, *self._end]
        return True

    def _write(self, token: int) -> None:
        if self._matcher is not None:
            self._matcher.consume_token(token)
            self._end = self._end[1:]
        self.tokens.append(token)
        self._left -= 1
