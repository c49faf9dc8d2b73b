"""Proof, before the first step, that gradients reach what is trained, and rightly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_TOLERANCE = 0.02  # of cosine and norm; bfloat16 rounding stays below a hundredth


class GradientError(RuntimeError):
    """A model whose gradients are wrong: training would look normal and learn little."""


def check_gradients(model: Any, batch: Mapping[str, Any]) -> None:
    """Run one forward and backward pass, and compare every quantised layer with its own weights.

    A quantised layer may compute the right output and the wrong gradient. bitsandbytes does so on
    a CPU after one forward pass in evaluation mode: the loss stays right, the gradient behind the
    layer is lost. So the gradient of every 4-bit layer is compared with that of its dequantised
    weights; and every trained tensor must get a finite gradient, and not all of them zero.

    Args:
        model: ready for training; its gradients are cleared afterwards.
        batch: see `batches.collate`.

    Raises:
        GradientError: naming the first layers or tensors at fault.
    """
    wrong = [name for name, layer in _quantised(model) if not _same_gradient(layer)]
    if wrong:
        raise GradientError(
            f"{len(wrong)} quantised layers give wrong gradients ({', '.join(wrong[:3])}); "
            "expected those of their dequantised weights. Next: method lora instead of qlora"
        )
    device = next(model.parameters()).device
    model(**{k: v.to(device) if hasattr(v, "to") else v for k, v in batch.items()}).loss.backward()
    broken = [name for name, gradient in _trained(model) if not _is_finite(gradient)]
    moving = sum(bool(g is not None and g.abs().sum() > 0) for _, g in _trained(model))
    model.zero_grad(set_to_none=True)
    if broken or not moving:
        raise GradientError(
            f"{len(broken)} trained tensors get no finite gradient ({', '.join(broken[:3])}) and "
            f"{moving} a gradient that is not zero; expected none and some. Next: another dtype"
        )


def _quantised(model: Any) -> Iterator[tuple[str, Any]]:
    import bitsandbytes.nn

    kind: Any = bitsandbytes.nn.Linear4bit  # type: ignore[attr-defined]
    return ((name, m) for name, m in model.named_modules() if isinstance(m, kind))


def _trained(model: Any) -> Iterator[tuple[str, Any]]:
    return ((name, p.grad) for name, p in model.named_parameters() if p.requires_grad)


def _is_finite(gradient: Any) -> bool:
    return gradient is not None and bool(gradient.isfinite().all())


def _same_gradient(layer: Any) -> bool:
    """Whether the gradient of a layer's input is the output's gradient times its weights."""
    import bitsandbytes
    import torch

    generator = torch.Generator().manual_seed(0)
    dtype = layer.compute_dtype or torch.float32
    where = {"device": layer.weight.device, "dtype": dtype}
    given = torch.randn(1, 8, layer.in_features, generator=generator).to(**where)
    back = torch.randn(1, 8, layer.out_features, generator=generator).to(**where)
    given.requires_grad_(True)
    result = layer(given)
    if not result.requires_grad:
        return False
    result.backward(back.to(result.dtype))
    weight = bitsandbytes.functional.dequantize_4bit(layer.weight.data, layer.weight.quant_state)
    expected = (back.float() @ weight.float()).flatten()
    got = given.grad.float().flatten() if given.grad is not None else torch.zeros_like(expected)
    cosine = torch.nn.functional.cosine_similarity(got, expected, dim=0)
    ratio = got.norm() / expected.norm()
    return bool(abs(cosine - 1) < _TOLERANCE and abs(ratio - 1) < _TOLERANCE)
