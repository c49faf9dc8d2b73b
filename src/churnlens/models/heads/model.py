"""An encoder or language model with a linear head on its tokens.

The head is transformers' own for tokens. What it says of a text is the mean over the tokens of an
encoder, which is the head on the mean of its vectors, or the last token's of a language model,
which alone has read the whole text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from churnlens.models.loading import device, numbers_of
from churnlens.options import HeadOptions, Precision

if TYPE_CHECKING:
    import torch

Pooling = Literal["mean", "last"]
_ATTENTION = ("query", "value", "q_proj", "v_proj", "q_lin", "v_lin")
_LINEAR = (
    *_ATTENTION,
    *("key", "dense", "k_proj", "o_proj", "gate_proj", "up_proj", "down_proj"),
    *("k_lin", "out_lin", "lin1", "lin2"),
)
_SAFE: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
_HEADS = ("classifier", "score")


def pooling_of(path: Path) -> Pooling:
    """Return how a base model's tokens become one text: `last` for a language model."""
    config = json.loads((path / "config.json").read_text(encoding="utf-8"))
    names = config.get("architectures") or [""]
    return "last" if names[0].endswith("ForCausalLM") else "mean"


def pooled(tokens: torch.Tensor, mask: torch.Tensor, pooling: Pooling) -> torch.Tensor:
    """Return one row for each text, shape (n, outputs).

    Args:
        tokens: of the head, shape (n, width, outputs).
        mask: 1 for a token and 0 for what fills up on the right, shape (n, width).
        pooling: see the module.
    """
    import torch

    if pooling == "last":
        return tokens[torch.arange(len(tokens)), mask.sum(dim=1) - 1].float()
    weights = mask[..., None].float()
    return (tokens.float() * weights).sum(dim=1) / weights.sum(dim=1)


def says(model: Any, batch: dict[str, Any], pooling: Pooling) -> torch.Tensor:
    """Return what the head says of each text of a batch, shape (n, outputs)."""
    mask = batch["attention_mask"]
    tokens = model(input_ids=batch["input_ids"], attention_mask=mask).logits
    return pooled(tokens, mask, pooling)


def load_with_head(path: Path, outputs: int, dtype: Precision, dropout: float | None = None) -> Any:
    """Return a model with a head; that of a base has random weights."""
    from transformers import AutoConfig, AutoModelForTokenClassification

    where = {"device_map": {"": 0}} if device() == "cuda" else {}
    config = AutoConfig.from_pretrained(path, num_labels=outputs, **_SAFE)
    if dropout is not None:
        config.classifier_dropout = dropout
    with _without_report():
        return AutoModelForTokenClassification.from_pretrained(
            path,
            config=config,
            use_safetensors=True,
            **numbers_of(dtype),
            **where,
            **_SAFE,
        )


def load_for_training(path: Path, options: HeadOptions) -> Any:
    """Return the model with what is to be trained in float32 and all else frozen."""
    from peft import LoraConfig, get_peft_model

    if options.method == "full":
        model = load_with_head(path, options.outputs, "float32", options.dropout)
        model.get_input_embeddings().requires_grad_(options.embeddings)
    else:
        config = LoraConfig(
            r=options.rank,
            lora_alpha=options.alpha,
            lora_dropout=options.dropout,
            target_modules=list(_ATTENTION if options.targets == "query_value" else _LINEAR),
            task_type="TOKEN_CLS",
        )
        base = load_with_head(path, options.outputs, options.precision, options.dropout)
        model = get_peft_model(base, config)
    for weights in model.parameters():
        if weights.requires_grad:
            weights.data = weights.data.float()
    if options.gradient_checkpointing:
        model.activation_checkpointing_enable({"use_reentrant": False})
    return model.train()


def parameter_groups(model: Any, options: HeadOptions) -> list[dict[str, Any]]:
    """Return what is trained in two groups: the head with its own rate, and all below it."""
    named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    head = [p for name, p in named if is_head(name)]
    body = [p for name, p in named if not is_head(name)]
    rate = options.learning_rate
    return [{"params": body, "lr": rate}, {"params": head, "lr": rate * options.head_rate}]


def is_head(name: str) -> bool:
    """Whether a parameter is the head's."""
    return any(part in _HEADS for part in name.split("."))


@contextmanager
def _without_report() -> Iterator[None]:
    """Keep transformers from telling at length that the head of a base model is new."""
    from transformers.utils import logging

    before = logging.get_verbosity()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logging.set_verbosity(before)
