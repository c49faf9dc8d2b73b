"""Texts from a language model: in batches, inside grammars, greedy and reproducible."""

from __future__ import annotations

import copy
import gc
import importlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from churnlens.models.attention import attend_with_one_query
from churnlens.models.cache import is_whole, join_caches, roomy_cache
from churnlens.models.constraint import RequestError, Row, Vocabulary
from churnlens.models.loading import (
    ends_of,
    load_causal_lm,
    load_tokenizer,
    load_tuned,
    prepare,
    refuse_adapter,
    weights_sha256,
)
from churnlens.models.lock import ModelError
from churnlens.options import Precision
from churnlens.schema import Frozen

if TYPE_CHECKING:
    import torch
    from transformers import Cache


_AT_ONCE = 4  # prompts that a CPU reads side by side: enough for its cores, little to pad

Stopped = Callable[[], bool]
"""Whether to stop writing, asked before every token."""


def _never() -> bool:
    return False


class Message(Frozen):
    """One turn of a prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


class Request(Frozen):
    """What to write.

    Attributes:
        key: name of the request, for errors and for matching the completion.
        messages: the prompt; the model answers the last one.
        grammar: by `grammar.compile_grammar`; None for free text.
        hints: pieces of text with which an answer inside the grammar can be ended in good time.
        max_new_tokens: length of the answer; inside a grammar the answer is always complete.
    """

    key: str
    messages: tuple[Message, ...] = Field(min_length=1)
    grammar: str | None = None
    hints: tuple[str, ...] = ()
    max_new_tokens: int = Field(ge=1)


class Completion(Frozen):
    """What was written.

    Attributes:
        text: without special tokens.
        finished: whether the text ended by itself; inside a grammar it always does.
        tokens: how many tokens the text has.
    """

    key: str
    text: str
    finished: bool
    tokens: int


class Generator:
    """A language model from a fetched folder.

    Greedy, so that the same requests give the same texts. In float32 a text does not depend on
    what else is in its batch either; in lower precisions it may.
    """

    def __init__(
        self,
        path: Path,
        *,
        dtype: Precision = "float32",
        batch_size: int = 16,
        adapter: Path | None = None,
    ) -> None:
        """Load the model at `path`.

        Args:
            path: model folder.
            dtype: precision of weights and arithmetic, see `loading.load_causal_lm`.
            batch_size: texts that are written side by side.
            adapter: what it was tuned to, by `training.train`; None for the base as it is.

        Raises:
            ModelError: when a folder is absent, unsafe or damaged, or the adapter is for another
                base.
        """
        prepare(path)
        importlib.import_module(
            "transformers.generation"
        )  # seconds that the first text need not pay
        self._tokenizer = load_tokenizer(path)
        if adapter is None:
            self._model: Any = load_causal_lm(path, dtype)
            refuse_adapter(self._model)
        else:
            self._model = load_tuned(path, adapter, dtype)
        if dtype == "bfloat16":
            attend_with_one_query(self._model)
        self._batch_size = batch_size
        ends = ends_of(self._model, self._tokenizer)
        self._config = self._model.config
        self._vocabulary = Vocabulary(self._tokenizer, self._config.vocab_size, ends)
        self._special = sorted(
            (str(t) for t in self._tokenizer.added_tokens_decoder.values() if t.special),
            key=len,
            reverse=True,
        )

    @property
    def weights_sha256(self) -> str:
        """Which weights are loaded; see `loading.weights_sha256`."""
        return weights_sha256(self._model)

    @property
    def context_tokens(self) -> int:
        """How many tokens prompt and answer may have together."""
        return int(self._config.max_position_embeddings)

    def prompt_tokens(self, messages: Sequence[Message]) -> int:
        """Return how many tokens a prompt has, for fitting evidence into the context."""
        return len(self._encode(messages))

    def generate(self, requests: Sequence[Request], stopped: Stopped = _never) -> list[Completion]:
        """Write one text for each request, in the order of the requests.

        Args:
            requests: what to write.
            stopped: when it becomes true, every text ends where it is.

        Raises:
            RequestError: before anything is written, when a prompt and its answer do not fit into
                the context (nothing is ever cut), or a grammar does not fit its budget.
            ModelError: after `close`.
        """
        if self._model is None:
            raise ModelError("the generator is closed; next: make a new one")
        rows = [
            Row(self._vocabulary, r.grammar, r.max_new_tokens, r.key, r.hints) for r in requests
        ]
        prompts = [self._prompt(request) for request in requests]
        order = sorted(range(len(requests)), key=lambda i: len(prompts[i]))
        for start in range(0, len(order), self._batch_size):
            batch = order[start : start + self._batch_size]
            budget = max(requests[i].max_new_tokens for i in batch)
            if stopped():
                break
            self._write([rows[i] for i in batch], [prompts[i] for i in batch], budget, stopped)
        return [self._completion(*pair) for pair in zip(requests, rows, strict=True)]

    def close(self) -> None:
        """Free the memory of the model; it cannot be used afterwards."""
        import torch

        self._model = None
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _encode(self, messages: Sequence[Message]) -> list[int]:
        """Render the chat template, with no special token but the template's own."""
        turns = [{"role": m.role, "content": self._defuse(m.content)} for m in messages]
        prompt = self._tokenizer.apply_chat_template(
            turns, tokenize=False, add_generation_prompt=True
        )
        return list(self._tokenizer(prompt, add_special_tokens=False)["input_ids"])

    def _defuse(self, text: str) -> str:
        """Break up special tokens in text, which could otherwise end a turn or open another."""
        for token in self._special:
            text = text.replace(token, f"{token[0]} {token[1:]}")
        return text

    def _prompt(self, request: Request) -> list[int]:
        prompt = self._encode(request.messages)
        if (need := len(prompt) + request.max_new_tokens) > self.context_tokens:
            raise RequestError(
                f"request {request.key}: {len(prompt)} prompt tokens and {request.max_new_tokens} "
                f"new ones make {need}, expected at most {self.context_tokens}; shorten the "
                "evidence or take a model with a longer context"
            )
        return prompt

    def _write(
        self, rows: list[Row], prompts: list[list[int]], budget: int, stopped: Stopped
    ) -> None:
        """Fill the rows of one batch."""
        import torch
        from transformers import GenerationConfig, LogitsProcessor, LogitsProcessorList

        class Choose(LogitsProcessor):
            """Leaves each row the one token that its text goes on with."""

            def __call__(self, _: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
                best = scores.argmax(-1).tolist()
                every = zip(rows, scores, best, strict=True)
                chosen = [row.next_token(score, token) for row, score, token in every]
                scores.fill_(-torch.inf)[range(len(rows)), chosen] = 0
                return scores

        config = GenerationConfig(  # type: ignore[no-untyped-call]
            max_new_tokens=budget,
            do_sample=False,
            num_beams=1,
            repetition_penalty=1.0,
            eos_token_id=self._vocabulary.ends,
            pad_token_id=self._tokenizer.pad_token_id,
        )
        starts = [prompt + row.tokens for prompt, row in zip(prompts, rows, strict=True)]
        with torch.inference_mode():
            self._model.generate(
                **self._read(starts),
                generation_config=config,
                logits_processor=LogitsProcessorList([Choose()]),
                stopping_criteria=[
                    lambda ids, _: torch.full_like(ids[:, 0], stopped(), dtype=torch.bool)
                ],
            )

    def _read(self, starts: list[list[int]]) -> dict[str, Any]:
        """Return the inputs of a batch, of which only the last token of each row is not yet read.

        What all rows begin with is read once: rows of one question share most of their prompt, and
        reading it once costs a sixth of reading it six times. The rests are read a few rows at a
        time, those of like length together.
        """
        import torch

        common = list(os.path.commonprefix(starts)[: min(map(len, starts)) - 1])
        rests = [start[len(common) : -1] for start in starts]
        begun = roomy_cache(self._config)
        where = self._model.device
        few = _AT_ONCE if where.type == "cpu" and is_whole(begun) else len(rests)
        parts = [rests[at : at + few] for at in range(0, len(rests), few)]
        if common:
            self._append(begun, [common], [])
        caches = [copy.deepcopy(begun) for _ in parts]
        masks = [
            self._append(cache, part, common) for cache, part in zip(caches, parts, strict=True)
        ]
        width = max(len(mask[0]) for mask in masks)
        kept = [[0] * (width - len(row)) + row + [1] for mask in masks for row in mask]
        last = [[self._tokenizer.pad_token_id] * width + start[-1:] for start in starts]
        return {
            "input_ids": torch.tensor(last, device=where),
            "attention_mask": torch.tensor(kept, device=where),
            "past_key_values": join_caches(caches, self._config),
        }

    def _append(self, cache: Cache, rests: list[list[int]], common: list[int]) -> list[list[int]]:
        """Read rows into a cache that holds what they all begin with; returns what is no padding.

        Args:
            cache: of one row, `common`; afterwards of a row for each of `rests`.
            rests: what each row goes on with; shorter ones are padded between the two.
            common: the beginning.
        """
        import torch

        width, pad = max(map(len, rests)), self._tokenizer.pad_token_id
        mask = [[1] * len(common) + [0] * (width - len(r)) + [1] * len(r) for r in rests]
        if common:
            cache.batch_repeat_interleave(len(rests))
        if width:
            where = self._model.device
            ids = torch.tensor([[pad] * (width - len(r)) + r for r in rests], device=where)
            seen = torch.tensor(mask, device=where)
            self._model(
                input_ids=ids,
                attention_mask=seen,
                position_ids=(seen.cumsum(1) - 1).clamp(min=0)[:, len(common) :],
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            )
        return mask

    def _completion(self, request: Request, row: Row) -> Completion:
        text = self._tokenizer.decode(
            row.tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return Completion(key=request.key, text=text, finished=row.finished, tokens=len(row.tokens))
