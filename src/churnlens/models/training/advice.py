"""What to change when memory runs out, with how much each change is predicted to save."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from churnlens.models.training.estimate import GIB, estimate_memory
from churnlens.options import TrainingOptions


def suggestions(
    config: Mapping[str, Any],
    options: TrainingOptions,
    tokens: int,
    device: str,
    shorter: str = "prompts of half the length: give fewer documents",
) -> list[str]:
    """Return three changes of `options`, those first that leave the result as it is.

    Args:
        config: content of the base model's `config.json`.
        options: with which memory ran out.
        tokens: of the longest row.
        device: `cpu` or `cuda`.
        shorter: how rows get half as long.
    """

    def gib(changed: TrainingOptions, length: int = tokens) -> float:
        return estimate_memory(
            config, changed, tokens=length, answer_tokens=length // 2, device=device
        ).peak

    lines = []
    for text, changed, length in _changes(options, tokens, device, shorter):
        try:
            saved = (gib(options) - gib(changed, length)) / GIB
        except ValueError:  # another architecture: the order holds all the same
            lines.append(text)
            continue
        lines += [f"{text} (about {saved:.1f} GiB less)"] if saved > 0 else []
    return [*lines, "take a smaller base model", "close other programs on this machine"][:3]


def _changes(
    options: TrainingOptions, tokens: int, device: str, shorter: str
) -> Iterator[tuple[str, TrainingOptions, int]]:
    """Yield what can still be changed: text, options, tokens of the longest row."""

    def change(**values: Any) -> TrainingOptions:
        return options.model_copy(update=values)

    if smaller := smaller_batch(options):
        text = "batch_size: {batch_size} with accumulation: {accumulation}, the same result"
        yield text.format(**smaller), change(**smaller), tokens
    if not options.gradient_checkpointing:
        text = "gradient_checkpointing: true, the same result, a quarter slower"
        yield text, change(gradient_checkpointing=True), tokens
    if options.method == "full":
        yield "method: lora", change(method="lora"), tokens
    if options.method == "lora" and device == "cuda":
        yield "method: qlora", change(method="qlora"), tokens
    if options.dtype == "float32":
        lower = "bfloat16" if device == "cpu" else "bfloat16 (float16 on an old GPU)"
        yield f"dtype: {lower}", change(dtype="bfloat16"), tokens
    yield shorter, options, tokens // 2


def smaller_batch(options: TrainingOptions) -> dict[str, int]:
    """Return a smaller batch with as many rows per step as before; empty for one row at a time."""
    batch = options.batch_size
    parts = next((n for n in range(2, batch + 1) if batch % n == 0), 1)
    if parts == 1:
        return {}
    return {"batch_size": batch // parts, "accumulation": options.accumulation * parts}
