"""Attention of the next token in bfloat16 on a CPU, faster than torch's own.

torch's kernel is made for many queries at once. Where each text has one, and several heads read the
same keys, a plain product over all texts is faster; scores are rounded to bfloat16 before the
softmax, as in the `eager` attention of transformers. oneDNN makes a program for every new shape, in
more time than it takes to run it, and a part of a store is copied before it is read: so the
products are over whole stores, with room for tokens to come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from churnlens.models.cache import with_room

if TYPE_CHECKING:
    import torch

NAME = "one_query"


def attend_with_one_query(model: Any) -> None:
    """Let a model on a CPU attend so; anything but one new token a text it attends as before.

    Args:
        model: of transformers, with `sdpa` attention; one with another kind is left as it is.
    """
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import sdpa_mask

    if model.device.type == "cpu" and model.config._attn_implementation == "sdpa":
        AttentionInterface.register(NAME, _attend)
        AttentionMaskInterface.register(NAME, sdpa_mask)
        model.set_attn_implementation(NAME)


def _attend(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    **more: Any,
) -> tuple[torch.Tensor, None]:
    """Return what (rows, heads, 1, size) queries see, as (rows, 1, heads, size of a value).

    Args:
        module: layer of the model.
        query: (rows, heads, tokens, size).
        key: (rows, groups, all tokens, size); each group serves heads / groups neighbours.
        value: as `key`, of a size of its own.
        attention_mask: (rows, 1, tokens, all tokens), true where a query may look; None for all.
        scaling: of the scores; one over the root of the size by default.
        more: of other kinds of attention.
    """
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    rows, heads, tokens, size = query.shape
    plain = attention_mask is None or attention_mask.shape[1] == 1
    if tokens > 1 or not plain or more.get("position_bias") is not None:
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, scaling=scaling, **more
        )
    groups, held = key.shape[1], key.shape[2]
    scaled = query.reshape(rows * groups, heads // groups, size) * (scaling or size**-0.5)
    scores = with_room(key).flatten(0, 1).bmm(scaled.transpose(1, 2)).transpose(1, 2).float()
    scores = scores.reshape(rows, groups, heads // groups, -1)
    scores[..., held:] = float("-inf")
    if attention_mask is not None:
        scores[..., :held].masked_fill_(attention_mask.logical_not(), float("-inf"))
    shares = scores.softmax(-1).to(value.dtype).flatten(0, 1)
    seen = shares.bmm(with_room(value).flatten(0, 1))
    return seen.view(rows, 1, heads, -1), None
