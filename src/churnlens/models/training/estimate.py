"""How much memory a training needs, by counting: no model, no GPU, no library.

What is kept for the backward pass was listed tensor by tensor for the decoders of transformers
(Llama, Qwen, Mistral) under fused attention; a test counts the same tensors in a real one. The rest
is arithmetic: AdamW keeps two float32 numbers per trained weight (Loshchilov and Hutter 2019), NF4
half a byte per weight and a doubly quantised scale per 64 (Dettmers et al. 2023, QLoRA).

On a CPU the C library keeps about half as much again of what is freed in small pieces: measured on
SmolLM2-135M at 512 tokens in seven settings, where the peak was then within 16 % of the prediction.
What is not covered: what a GPU's allocator holds without using it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from churnlens.options import TrainingOptions

GIB = 2**30
NF4 = 0.5 + 1 / 64 + 4 / (64 * 256)  # bytes per weight, with its doubly quantised scale
BYTES = {"float32": 4, "bfloat16": 2, "float16": 2, "nf4": 2}  # of all that is not quantised
_LOSS = 12  # float32 log-probabilities, their gradient and that of the logits
_HEAP = {"cpu": 0.5, "cuda": 0}
RUNTIME = {"cpu": 650 * 2**20, "cuda": 0}  # measured: Python with torch, transformers and peft


@dataclass(frozen=True)
class Shape:
    """The sizes of a decoder.

    Attributes:
        hidden, inner: width of the residual stream, and of the feed-forward layer.
        queries, keys: width of all query heads together, and of all key heads.
        heads, layers, vocabulary: how many.
        tied: whether embedding and output share their weights.
        biased: whether queries, keys and values have a bias.
    """

    hidden: int
    inner: int
    queries: int
    keys: int
    heads: int
    layers: int
    vocabulary: int
    tied: bool
    biased: bool

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> Shape:
        """Read the sizes from the content of a model's `config.json`.

        Raises:
            ValueError: naming what the config lacks: it is not such a decoder's.
        """
        need = ("hidden_size", "intermediate_size", "num_attention_heads", "num_hidden_layers")
        if lacking := [name for name in (*need, "vocab_size") if name not in config]:
            raise ValueError(f"no memory estimate: the config has no {', '.join(lacking)}")
        heads = config["num_attention_heads"]
        width = config.get("head_dim") or config["hidden_size"] // heads
        return cls(
            hidden=config["hidden_size"],
            inner=config["intermediate_size"],
            queries=heads * width,
            keys=(config.get("num_key_value_heads") or heads) * width,
            heads=heads,
            layers=config["num_hidden_layers"],
            vocabulary=config["vocab_size"],
            tied=bool(config.get("tie_word_embeddings", False)),
            biased=bool(config.get("attention_bias") or config.get("model_type") == "qwen2"),
        )

    @property
    def linear(self) -> int:
        """Weights of all linear layers inside the decoder layers, without biases."""
        attention = self.hidden * (2 * self.queries + 2 * self.keys)
        return self.layers * (attention + 3 * self.hidden * self.inner)

    @property
    def other(self) -> int:
        """All other weights: embedding, output, norms, biases."""
        norms = self.hidden * (2 * self.layers + 1)
        biases = self.layers * (self.queries + 2 * self.keys) if self.biased else 0
        return norms + biases + self.vocabulary * self.hidden * (1 if self.tied else 2)

    def adapter(self, rank: int) -> int:
        """Weights of LoRA on all linear layers."""
        attention = 2 * (self.hidden + self.queries) + 2 * (self.hidden + self.keys)
        return self.layers * rank * (attention + 3 * (self.hidden + self.inner))


@dataclass(frozen=True)
class MemoryEstimate:
    """Predicted bytes of a training step, by what they are for.

    Attributes:
        weights: of the model, and of the adapter.
        gradients, optimizer: of what is trained.
        activations: what the forward pass keeps for the backward pass.
        loss: logits and their gradients, at the end of the forward pass.
        allocator: freed and not given back.
        runtime: of the process itself; on a GPU its context is not counted.
    """

    weights: int
    gradients: int
    optimizer: int
    activations: int
    loss: int
    allocator: int
    runtime: int

    @property
    def peak(self) -> int:
        """Bytes at the worst moment: gradients come while activations go."""
        moving = max(self.activations + self.loss, self.gradients)
        return self.weights + self.optimizer + moving + self.allocator + self.runtime


def estimate_memory(
    config: Mapping[str, Any],
    options: TrainingOptions,
    *,
    tokens: int,
    answer_tokens: int,
    device: str = "cpu",
) -> MemoryEstimate:
    """Predict the memory of training with `options`.

    Args:
        config: content of the base model's `config.json`.
        options: see `TrainingOptions`.
        tokens: of the longest row.
        answer_tokens: from the first answer token of a batch to its end.
        device: `cpu` or `cuda`.

    Raises:
        ValueError: when the config is not that of such a decoder.
    """
    shape = Shape.of(config)
    full = options.method == "full"
    trained = shape.linear + shape.other if full else shape.adapter(options.rank)
    activations = options.batch_size * tokens * _activations(shape, options, device)
    logit = _LOSS + (2 if BYTES[options.dtype] == 2 else 0)
    loss = options.batch_size * (answer_tokens + 1) * shape.vocabulary * logit
    return MemoryEstimate(
        weights=int(_weights(shape, options)) + (0 if full else 4 * trained),
        gradients=4 * trained,
        optimizer=8 * trained,
        activations=activations,
        loss=loss,
        allocator=int(_HEAP[device] * (activations + loss)),
        runtime=RUNTIME[device],
    )


def _weights(shape: Shape, options: TrainingOptions) -> float:
    """Return the bytes of the base model's weights.

    Under autocast a copy of float32 weights stays beside them until the backward pass is over.
    """
    size = BYTES[options.dtype]
    if options.method == "qlora":
        return NF4 * shape.linear + size * shape.other
    if options.method == "full":
        copy = 0 if size == 4 else size
        return (4 + copy) * (shape.linear + shape.other)
    return size * (shape.linear + shape.other)


def _activations(shape: Shape, options: TrainingOptions, device: str) -> int:
    """Return the bytes per token that the whole forward pass keeps, without the loss."""
    layer = _layer(shape, options, device)
    final = 4 * shape.hidden * (2 if options.method == "full" else 1)
    if not options.gradient_checkpointing:
        return shape.layers * layer + final
    stream = 4 if options.method == "full" else BYTES[options.dtype]
    return shape.layers * stream * shape.hidden + layer + final


def _layer(shape: Shape, options: TrainingOptions, device: str) -> int:
    """Return the bytes per token that one decoder layer keeps."""
    size, full = BYTES[options.dtype], options.method == "full"
    dropout = options.dropout > 0 and not full
    cast = size == 2  # every linear layer keeps its own copy of its input in lower precision
    norms = 4 * shape.hidden * (4 if full else 2) + 8
    inputs = shape.hidden * (5 if cast or dropout else 2) + shape.queries + shape.inner
    attention = shape.queries + 2 * shape.keys
    separate = shape.queries if not full and (cast or dropout) else 0  # output, before the copy
    gates = 3 * shape.inner
    ranks = 0 if full else 7 * options.rank
    masks = 5 * shape.hidden + shape.queries + shape.inner if dropout else 0
    noise = 1 if device == "cuda" else 4  # a mask there, float32 factors on a CPU
    kept = inputs + attention + separate + gates + ranks
    return norms + size * kept + 4 * shape.heads + noise * masks
