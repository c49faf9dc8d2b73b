r"""Which token comes next: the best one that the grammar allows and the budget can still close.

Being inside the grammar is not enough: a text that is cut off at `max_new_tokens` is a valid
beginning and no JSON. So each row always knows one way to end from where it stands, and takes a
token only if the way to end from there still fits into what is left. Every answer is complete.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch
    from llguidance import LLMatcher, LLTokenizer

_IN_STRING = ('"', " (", "(", ".", "。")  # figures in brackets end a sentence, so that it may stop
_OUTSIDE = ("}", "]", '"')
_NEAR = 6  # tokens of a known way that another may leave out
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

    def closers(self, written: list[int]) -> list[list[int]]:
        """Return the tokens that bring a JSON text nearer to its end, the best first."""
        text = _ESCAPED.sub(b"", self.inner.decode_bytes(written))
        symbols = _IN_STRING if text.count(b'"') % 2 else _OUTSIDE
        return [self.inner.greedy_tokenize(symbol)[:1] for symbol in symbols]


def _allowed(matcher: LLMatcher) -> np.ndarray:
    return np.frombuffer(matcher.compute_logit_bias(), dtype=np.uint8) != 0


def way_to_end(
    matcher: LLMatcher,
    vocabulary: Vocabulary,
    written: list[int],
    limit: int,
    hints: Sequence[list[int]] = (),
    known: Sequence[int] = (),
) -> list[int] | None:
    """Return tokens that complete the text, or None when this way takes more than `limit`.

    Args:
        matcher: where the text stands; it is not moved.
        vocabulary: what the tokens mean.
        written: the tokens so far.
        limit: most tokens that may be used.
        hints: tokens worth trying where no closing sign is allowed.
        known: the way to the end from a little before, which this one is likely to join again;
            where that takes more than `limit`, no other way is sought.
    """
    trial, path = matcher.deep_copy(), list[int]()
    while not trial.is_accepting():
        rest = _joins(trial, path, known, vocabulary.ends[0])
        if rest:
            return path + rest if len(path) + len(rest) <= limit else None
        step = trial.compute_ff_tokens() or _step(trial, vocabulary, written + path, hints)
        path += step
        if len(path) > limit or not trial.consume_tokens(step):
            return None
    return path


def _joins(matcher: LLMatcher, path: Sequence[int], known: Sequence[int], end: int) -> list[int]:
    """Return the longest part of a known way that completes the text from here; or nothing.

    It begins near the beginning of the known way, or where that has just written the same token.
    """
    begins = list(range(min(_NEAR, len(known))))
    if path:
        begins += [
            at for at, token in enumerate(known[:-1], 1) if token == path[-1] and at >= _NEAR
        ]
    for begin in begins:
        rest = [*known[begin:], end]
        if matcher.validate_tokens(rest) == len(rest):
            return rest[:-1]
    return []


def _step(
    matcher: LLMatcher, vocabulary: Vocabulary, written: list[int], hints: Sequence[list[int]]
) -> list[int]:
    """Return the first closing sign or hint that is allowed, or else the longest token."""
    for tokens in (*vocabulary.closers(written), *hints):
        if matcher.validate_tokens(tokens) == len(tokens):
            return tokens
    return [vocabulary.longest(_allowed(matcher))]


class Row:
    """One text being written, with what is left of its budget.

    Attributes:
        tokens: what is written so far, the forced beginning included.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        grammar: str | None,
        budget: int,
        key: str,
        hints: Sequence[str] = (),
    ) -> None:
        """Start a text of at most `budget` tokens; without a grammar it is free.

        Args:
            vocabulary: what tokens mean.
            grammar: by `grammar.compile_grammar`, or None.
            budget: tokens that may be written.
            key: name of the text, for errors.
            hints: pieces of text that lead to the end, such as the rest of a whole sentence.

        Raises:
            RequestError: when the grammar cannot be followed, or not within the budget.
        """
        from llguidance import LLMatcher

        self.tokens: list[int] = []
        self._vocabulary, self._left, self._ended = vocabulary, budget, False
        self._matcher = None if grammar is None else LLMatcher(vocabulary.inner, grammar)
        self._hints = [vocabulary.inner.greedy_tokenize(hint) for hint in hints if hint]
        self._end: list[int] = []
        if self._matcher is not None:
            self._begin(self._matcher, key)

    def _begin(self, matcher: LLMatcher, key: str) -> None:
        """Write what the grammar forces anyway, so that it is read with the prompt."""
        if matcher.is_error():
            raise RequestError(f"request {key}: the grammar failed: {matcher.get_error()[:300]}")
        end = way_to_end(matcher, self._vocabulary, [], self._left, self._hints)
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

    def next_token(self, scores: torch.Tensor, best: int) -> int:
        """Choose, record and return the next token; an end token once the text is over.

        Args:
            scores: logits of this row, shape (vocabulary,).
            best: the token with the highest, found for all rows of a batch at once.
        """
        if self._ended or not self._left:
            return self._vocabulary.ends[0]
        token = self._best(scores, best)
        self._ended = token in self._vocabulary.ends
        if not self._ended:
            self._write(token)
        return token

    def _best(self, scores: torch.Tensor, best: int) -> int:
        if self._matcher is None:
            return best
        if not self._matcher.validate_tokens([best]):  # all other tokens are asked only now
            best = self._best_allowed(scores, self._matcher)
        safe = self._end[0] if self._end else self._vocabulary.ends[0]
        return best if best == safe or self._can_end_after(best, self._matcher) else safe

    def _best_allowed(self, scores: torch.Tensor, matcher: LLMatcher) -> int:
        """Return the best token of the grammar; mostly there is only one, and no need to choose."""
        import torch

        if forced := matcher.compute_ff_tokens():
            return forced[0]
        allowed = torch.from_numpy(_allowed(matcher)).to(scores.device)
        return int(scores.masked_fill(~allowed, -torch.inf).argmax())

    def _can_end_after(self, token: int, matcher: LLMatcher) -> bool:
        """Whether the text can still be completed after `token`; remembers how.

        The way to end from before it mostly does, and asking costs a tenth of finding another.
        """
        if token in self._vocabulary.ends:
            return True
        way = [token, *self._end]
        whole = [*way, self._vocabulary.ends[0]]
        if len(way) > self._left or matcher.validate_tokens(whole) < len(whole):
            trial = matcher.deep_copy()
            trial.consume_token(token)
            begun = [*self.tokens, token]
            limit, known = self._left - 1, self._end
            end = way_to_end(trial, self._vocabulary, begun, limit, self._hints, known)
            if end is None:
                return False
            way = [token, *end]
        self._end = way
        return True

    def _write(self, token: int) -> None:
        if self._matcher is not None:
            self._matcher.consume_token(token)
            self._end = self._end[1:]
        self.tokens.append(token)
        self._left -= 1
