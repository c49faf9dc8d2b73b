"""A base and its adapter as one model, in float32: lower precisions lose part of what was learned.

An update by LoRA is often smaller than the step between two bfloat16 numbers, so a merge is
computed and compared in float32, and only then rounded if a smaller copy is asked for.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from churnlens.datasets.atomic import MANIFEST, is_complete
from churnlens.models.export.agreement import (
    TOLERANCE,
    Prompts,
    compare,
    encode,
    load_on_cpu,
    outputs,
    require,
)
from churnlens.models.export.report import ExportError, ExportReport, check_target, write_export
from churnlens.models.loading import ends_of, load_tokenizer, prepare
from churnlens.models.training.card import CARD, AdapterCard, describe_training
from churnlens.models.weights import check_sha256, read_manifest
from churnlens.options import Dtype

_PEFT = "adapter_config.json"
_FOUR_BITS = (
    "tuned on weights in 4 bits and put on the whole ones: it may write otherwise than the student "
    "that was judged; judge it as it is deployed"
)


def merge(
    base: Path, adapter: Path, target: Path, prompts: Prompts, dtype: Dtype = "float32"
) -> ExportReport:
    """Write base and adapter as one model folder, after comparing it with the two.

    Args:
        base: model folder that the adapter was trained on.
        adapter: folder of the adapter, or of a wholly tuned model, as `AdapterDataset` keeps it.
        target: new folder, or an export that is replaced; it receives weights, config, generation
            config (greedy, with the stop tokens), tokenizer, chat template and card.
        prompts: what to compare on; 20 are usual.
        dtype: of the written weights. A copy below float32 is compared too, but not refused.

    Raises:
        ExportError: when the adapter is torn or of another base, `target` is something else, or
            the merged model is another than adapter and base. Nothing is written then.
        ModelError: when a folder is absent, unsafe or damaged.
    """
    check_target(target)
    card = check_source(base, adapter, prompts)
    return write_export(target, lambda folder: _fill(base, adapter, folder, prompts, card, dtype))


def check_source(base: Path, adapter: Path, prompts: Prompts) -> AdapterCard:
    """Return the card of an adapter that belongs on `base`; else raise, before weights are read.

    Raises:
        ExportError: naming what does not fit, with both hashes.
        ModelError: when a folder is absent, unsafe or damaged.
    """
    prepare(base)
    prepare(adapter)
    if not is_complete(adapter):
        raise ExportError(
            f"{adapter}: expected every file as its {MANIFEST} names it; the adapter was changed "
            "after its training, or is torn. Next: take the copy that training left, or train again"
        )
    for name, noted in read_manifest(base).get("files", {}).items():
        sha256 = noted if isinstance(noted, str) else noted[1]  # an export notes no sizes
        check_sha256(base / name, sha256, base.name)
    card, tokenizer = _card(adapter), load_tokenizer(adapter)
    found = describe_training(base, tokenizer, (), (), card.options)
    for what, expected, got in (
        ("base model", card.base_sha256, found.base_sha256),
        ("chat template", card.template_sha256, found.template_sha256),
    ):
        if expected != got:
            raise ExportError(
                f"{adapter}: its card names {card.base} and a {what} with sha256 {expected[:12]}…, "
                f"got {got[:12]}… with {base.name}. Next: export with the base it was trained on"
            )
    encode(tokenizer, prompts, _context(base))
    return card


def _card(adapter: Path) -> AdapterCard:
    try:
        return AdapterCard.model_validate_json((adapter / CARD).read_bytes())
    except (FileNotFoundError, ValidationError) as error:
        raise ExportError(
            f"{adapter}: expected a readable {CARD}, got {type(error).__name__}; next: train again"
        ) from None


def _context(base: Path) -> int:
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(base, local_files_only=True, trust_remote_code=False)
    return int(config.max_position_embeddings)


def load_tuned(base: Path, adapter: Path) -> Any:
    """Load base with adapter on the CPU in float32; a wholly tuned model is loaded by itself."""
    if not (adapter / _PEFT).is_file():
        return load_on_cpu(adapter)
    from peft import PeftModel

    return PeftModel.from_pretrained(load_on_cpu(base), str(adapter)).eval()


def _fill(
    base: Path, adapter: Path, folder: Path, prompts: Prompts, card: AdapterCard, dtype: Dtype
) -> ExportReport:
    """Write the merged model into `folder`; at most one model is in memory at a time."""
    import torch

    tokenizer = load_tokenizer(adapter)
    model = load_tuned(base, adapter)
    expected = outputs(model, tokenizer, prompts)
    if (adapter / _PEFT).is_file():
        model = model.merge_and_unload(safe_merge=True)
    merged = compare(expected, outputs(model, tokenizer, prompts))
    require(merged, len(prompts), "the merged model")
    _make_greedy(model, tokenizer)
    model.to(getattr(torch, dtype)).save_pretrained(folder)
    del model
    tokenizer.save_pretrained(folder)
    (folder / CARD).write_bytes((adapter / CARD).read_bytes())
    written = compare(
        expected, outputs(load_on_cpu(folder, dtype), load_tokenizer(folder), prompts)
    )
    if dtype == "float32":
        require(written, len(prompts), "the written model")
    notes = [_FOUR_BITS] if card.options.method == "qlora" else []
    return ExportReport(
        form="merged",
        base=card.base,
        dtype=dtype,
        prompts=len(prompts),
        max_difference=written.max_difference,
        same_texts=written.same_texts,
        merged_difference=merged.max_difference,
        notes=(*notes, *([] if dtype == "float32" else [rounding_note(dtype)])),
    )


def rounding_note(dtype: Dtype) -> str:
    """Say what `max_difference` means for a copy of lower precision."""
    return (
        f"rounded to {dtype} after the merge: max_difference and same_texts are stated, not "
        f"limited; the float32 merge before it is within {TOLERANCE:.0e}"
    )


def _make_greedy(model: Any, tokenizer: Any) -> None:
    """Let the model end its texts as its base does, and write as it was measured: greedily."""
    ends = ends_of(model, tokenizer)
    model.generation_config.update(
        eos_token_id=ends if len(ends) > 1 else ends[0],
        pad_token_id=tokenizer.pad_token_id,
        do_sample=False,
        temperature=None,
        top_p=None,
        top_k=None,
        repetition_penalty=None,
    )
