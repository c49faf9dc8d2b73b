"""How much memory reading and writing with a model needs, by counting; for training see `training`.

Weights come from the shape; the cache of keys and values is `2 · layers · width of the keys ·
tokens · rows · bytes`. Between layers nothing is kept, so activations are those of the widest
moment of one layer: the feed-forward part with its two inputs and their product, beside the stream
before and after attention.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from churnlens.models.training.estimate import BYTES, NF4, RUNTIME, Shape
from churnlens.options import Precision


@dataclass(frozen=True)
class InferenceMemory:
    """Predicted bytes of a model at work.

    Attributes:
        weights: of the model.
        cache: keys and values of all tokens of a batch.
        activations: of the widest layer, with logits and, in NF4, one unpacked matrix.
        runtime: of the process itself; on a GPU its context is not counted.
    """

    weights: int
    cache: int
    activations: int
    runtime: int

    @property
    def peak(self) -> int:
        """Bytes at the worst moment."""
        return self.weights + self.cache + self.activations + self.runtime


def generation_memory(
    config: Mapping[str, Any],
    *,
    dtype: Precision,
    rows: int,
    tokens: tuple[int, int],
    device: str,
) -> InferenceMemory:
    """Predict the memory of writing `rows` texts side by side.

    Args:
        config: content of the model's `config.json`.
        dtype: precision of the weights; `nf4` computes in 16 bits.
        rows: texts of a batch.
        tokens: of the longest prompt, and of the longest text after it.
        device: `cpu` or `cuda`.

    Raises:
        ValueError: when the config is not a decoder's.
    """
    shape, size, prompt = Shape.of(config), BYTES[dtype], tokens[0]
    cache = cache_bytes(shape, sum(tokens), rows, size)
    layer = rows * prompt * size * (3 * shape.inner + 4 * shape.hidden)
    mask = rows * prompt**2
    logits = rows * shape.vocabulary * (size + 8)  # as computed, in float32, and filtered
    unpacked = 2 * shape.inner * shape.hidden if dtype == "nf4" else 0
    grown = cache // shape.layers  # a layer's cache is copied when it grows by a token
    return InferenceMemory(
        weights=decoder_bytes(shape, dtype),
        cache=cache,
        activations=max(layer + mask, logits, grown) + unpacked,
        runtime=RUNTIME[device],
    )


def decoder_bytes(shape: Shape, dtype: Precision) -> int:
    """Return the bytes of a decoder's weights; NF4 leaves embedding and output in 16 bits."""
    linear = NF4 if dtype == "nf4" else BYTES[dtype]
    return int(linear * shape.linear + BYTES[dtype] * shape.other)


def cache_bytes(shape: Shape, tokens: int, rows: int, size: int) -> int:
    """Return the bytes of keys and values of `rows` texts of `tokens`, `size` bytes a number."""
    return 2 * shape.layers * shape.keys * tokens * rows * size


def encoder_weights(config: Mapping[str, Any]) -> int:
    """Return how many weights a BERT or XLM-R encoder has, pooler included.

    Raises:
        ValueError: naming what the config lacks.
    """
    need = ("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers")
    if lacking := [name for name in need if name not in config]:
        raise ValueError(f"no memory estimate: the config has no {', '.join(lacking)}")
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    rows = config["vocab_size"] + config.get("max_position_embeddings", 512)
    embedding = (rows + config.get("type_vocab_size", 2)) * hidden + 2 * hidden
    attention = 4 * (hidden * hidden + hidden) + 2 * hidden
    layer = attention + 2 * hidden * inner + inner + hidden + 2 * hidden
    return embedding + config["num_hidden_layers"] * layer + hidden * hidden + hidden


def encoder_bytes(config: Mapping[str, Any], dtype: Precision) -> int:
    """Return the bytes of an encoder's weights."""
    return BYTES[dtype] * encoder_weights(config)


def embedding_memory(
    config: Mapping[str, Any], *, dtype: Precision, rows: int, tokens: int, device: str
) -> InferenceMemory:
    """Predict the memory of embedding `rows` texts of at most `tokens` side by side.

    Raises:
        ValueError: when the config is not an encoder's.
    """
    size = BYTES[dtype]
    length = min(tokens, config.get("max_position_embeddings", tokens))
    widest = 2 * config["intermediate_size"] + 2 * config["hidden_size"]
    weights = encoder_bytes(config, dtype)
    return InferenceMemory(weights, 0, rows * length * size * widest, RUNTIME[device])
