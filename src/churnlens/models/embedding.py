"""Text to vectors: texts of like length together, in the precision that the machine likes."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from churnlens.models.loading import device, prepare
from churnlens.models.lock import ModelError
from churnlens.models.weights import read_manifest
from churnlens.options import Dtype

logger = logging.getLogger(__name__)
_STEP = 8  # texts are padded to a multiple of so many tokens
_WINDOW = 512  # tokens, of a model that states none


class TextEncoder(Protocol):
    """What retrieval needs of an encoder; anything with these two is one."""

    @property
    def dimension(self) -> int:
        """Length of each vector."""
        ...

    def encode(self, texts: Sequence[str], *, query: bool = False) -> np.ndarray:
        """Return float32 vectors of length one, shape (n_texts, dimension), in input order."""
        ...


class Encoder:
    """A sentence-transformers model from a fetched folder.

    The prefixes that it was trained with come from its lock entry.
    """

    def __init__(self, path: Path, *, batch_size: int = 32, dtype: Dtype = "bfloat16") -> None:
        """Load the encoder at `path`.

        Args:
            path: model folder.
            batch_size: texts per forward pass.
            dtype: bfloat16 is three times as fast as float32 on a CPU that has it, at a mean
                cosine of 0.9999 to it; float32 where neither CPU nor GPU has it.

        Raises:
            ModelError: when the folder is absent, unsafe or damaged.
        """
        prepare(path)
        import torch
        from sentence_transformers import SentenceTransformer

        self._model = SentenceTransformer(
            str(path),
            device=device(),
            model_kwargs={"dtype": getattr(torch, dtype), "use_safetensors": True},
            local_files_only=True,
            trust_remote_code=False,
        )
        self._batch_size = batch_size
        spec = read_manifest(path).get("spec", {})
        self._query_prefix = str(spec.get("query_prefix", ""))
        self._passage_prefix = str(spec.get("passage_prefix", ""))

    @property
    def dimension(self) -> int:
        """Length of each vector."""
        return int(self._model.get_embedding_dimension() or 0)

    def token_ends(self, text: str) -> list[int]:
        """Return where each token of a text ends, in characters and in order."""
        told = self._model.tokenizer(
            text, add_special_tokens=False, return_offsets_mapping=True, verbose=False
        )
        return [end for _, end in told["offset_mapping"]]

    def encode(self, texts: Sequence[str], *, query: bool = False) -> np.ndarray:
        """Embed texts, those of like length together.

        Every text is padded to the same length whatever stands beside it, so that its vector
        depends on the text alone: one that is embedded by itself, later or on another worker, gets
        the same bytes (in bfloat16 on the CPUs that this was tried on).

        Args:
            texts: any number; longer ones than the model's window are cut at its end, and the log
                says how many were.
            query: whether the texts are questions, for models that tell them from passages.

        Returns:
            float32 array of shape (n_texts, dimension) with rows of length one, in input order.

        Raises:
            ModelError: when the model gives a vector that is no number.
        """
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        prefix = self._query_prefix if query else self._passage_prefix
        rows = np.zeros((len(texts), self.dimension), np.float32)
        for places, features in self._batches([prefix + text for text in texts]):
            rows[places] = self._forward(features)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        if faulty := np.count_nonzero(~np.isfinite(lengths) | (lengths == 0)):
            raise ModelError(
                f"{faulty} of {len(rows)} vectors are not finite or zero; next: fetch the model "
                "again, or use dtype float32"
            )
        return rows / lengths

    def _batches(self, texts: Sequence[str]) -> Iterator[tuple[list[int], Any]]:
        """Yield (places in `texts`, padded tokens) of texts that pad to one length."""
        tokenizer, window = self._model.tokenizer, int(self._model.max_seq_length or _WINDOW)
        tokens = tokenizer(list(texts), truncation=True, max_length=window)["input_ids"]
        if full := sum(len(ids) >= window for ids in tokens):
            told = "%d of %d texts fill the encoder's window of %d tokens: the rest is not embedded"
            logger.warning(told, full, len(tokens), window)
        padded = [min(-(-len(ids) // _STEP) * _STEP, window) for ids in tokens]
        for length in sorted(set(padded)):
            alike = [place for place, each in enumerate(padded) if each == length]
            for start in range(0, len(alike), self._batch_size):
                places = alike[start : start + self._batch_size]
                ids = {"input_ids": [tokens[place] for place in places]}
                yield (
                    places,
                    tokenizer.pad(
                        ids, padding="max_length", max_length=length, return_tensors="pt"
                    ),
                )

    def _forward(self, features: Any) -> np.ndarray:
        import torch

        with torch.inference_mode():
            found = self._model(features.to(self._model.device))["sentence_embedding"]
        return found.float().cpu().numpy()
