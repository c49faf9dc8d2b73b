"""Linear layers with their weights in the order in which oneDNN multiplies: float32 on a CPU.

The numbers are those of `torch.nn.Linear` but for the order in which products are summed. torch
gives plain layers to MKL, which reaches half of oneDNN's speed on processors that are not Intel's.
"""

from __future__ import annotations

from typing import Any

_ROWS = 512  # tokens that the order is chosen for; any number goes through


def pack_linear(model: Any) -> Any:
    """Pack every linear layer in float32 on a CPU in place, and return the model.

    From now on it can only say what it says: no training, no saving, and no adapters, which read
    the weights of their layers. Where torch has no oneDNN the model stays as it is.
    """
    import torch

    there = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    ready = there and hasattr(torch.ops.mkldnn, "_linear_pointwise")
    for layer in model.modules() if ready else ():
        plain = type(layer) is torch.nn.Linear and layer.weight.device.type == "cpu"
        if plain and layer.weight.dtype == torch.float32:
            _pack(layer)
    return model


def _pack(layer: Any) -> None:
    import torch

    bias = None if layer.bias is None else layer.bias.detach()
    weight = torch.ops.mkldnn._reorder_linear_weight(layer.weight.detach().clone(), _ROWS)
    layer.weight = None  # so that it is held once
    layer.forward = lambda given: torch.ops.mkldnn._linear_pointwise(
        given, weight, bias, "none", [], ""
    )
