"""A tuned model for inference whose adapter costs little: two products a layer instead of three.

PEFT computes Wx, Ax and BAx in separate steps with a scaling and an addition; with one token at a
time these steps, not the arithmetic, take the time. Joined, W and A are one matrix.
"""

from __future__ import annotations

from typing import Any


def join_adapter(model: Any) -> Any:
    """Return the base of a PEFT model with its LoRA layers joined into plain ones.

    The arithmetic is the same up to rounding: nothing is merged, so that no part of a short
    training is lost in weights of low precision. The model can be used and not trained further.

    Args:
        model: a PeftModel with one LoRA adapter on linear layers that are not quantised.
    """
    from torch import nn

    base = model.get_base_model()
    for name, module in list(base.named_modules()):
        if hasattr(module, "lora_A") and type(module.base_layer) is nn.Linear:
            parent, _, own = name.rpartition(".")
            setattr(base.get_submodule(parent), own, _joined(module))
    return base


def _joined(layer: Any) -> Any:
    import torch
    from torch import nn
    from torch.nn import functional

    (adapter,) = layer.active_adapters
    plain, down = layer.base_layer, layer.lora_A[adapter].weight
    out, rank = plain.out_features, down.shape[0]

    class Joined(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            weight = torch.cat([plain.weight, down.to(plain.weight)])
            up = layer.lora_B[adapter].weight * layer.scaling[adapter]
            self.weight = nn.Parameter(weight.detach(), requires_grad=False)
            self.lora_up = nn.Parameter(up.to(plain.weight).detach(), requires_grad=False)
            self.bias = None
            if plain.bias is not None:
                bias = torch.cat([plain.bias, plain.bias.new_zeros(rank)])
                self.bias = nn.Parameter(bias.detach(), requires_grad=False)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            both = functional.linear(x, self.weight, self.bias)
            wide, low = torch.split(both, [out, rank], dim=-1)
            return wide + functional.linear(low, self.lora_up)

    return Joined()
