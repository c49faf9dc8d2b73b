"""Open a model folder: offline, without foreign code, in the precision that was asked for."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from churnlens.models.joined import join_adapter
from churnlens.models.lock import ModelError
from churnlens.models.weights import check_weights, read_manifest, sha256_of
from churnlens.options import Precision

OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
_SAFE: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}


def prepare(path: Path) -> None:
    """Keep every library offline and quiet, and check the folder before anything opens it.

    Raises:
        ModelError: when the folder is absent, holds code, or its weights are not whole.
    """
    os.environ.update(OFFLINE)
    check_weights(path)
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # type: ignore[no-untyped-call]


def device() -> str:
    """Return `cuda` where torch has a GPU, else `cpu`."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def has_bfloat16() -> bool:
    """Whether the GPU computes in bfloat16 itself; torch emulates it, slowly, on older ones."""
    import torch

    return bool(torch.cuda.is_bf16_supported(including_emulation=False))


def load_tokenizer(path: Path) -> Any:
    """Load a fast tokenizer that pads on the left, so that every row of a batch ends together."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(path, padding_side="left", **_SAFE)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def load_causal_lm(path: Path, dtype: Precision) -> Any:
    """Load a language model for inference.

    Args:
        path: a fetched model folder.
        dtype: `float32` is reproducible across batch sizes; `bfloat16` and `float16` are not;
            `nf4` holds the weights in 4 bits with double quantisation, for a small GPU. A model
            in `nf4` must not be trained after it has generated on a CPU: its gradients are wrong.
    """
    from transformers import AutoModelForCausalLM

    where = {"device_map": {"": 0}} if device() == "cuda" else {}
    model = AutoModelForCausalLM.from_pretrained(
        path, use_safetensors=True, **numbers_of(dtype), **where, **_SAFE
    )
    return model.eval()  # type: ignore[no-untyped-call]


def load_tuned(path: Path, adapter: Path, dtype: Precision) -> Any:
    """Load a language model with what it was tuned to, for inference.

    Args:
        path: folder of the base model.
        adapter: folder of a PEFT adapter, or of a whole tuned model, by `training.train`.
        dtype: see `load_causal_lm`. In float32 the adapter is merged, which is faster and writes
            the same; in lower precisions merging would lose part of it, so it stays beside the
            weights, in the precision of its arithmetic in training, see `joined`.

    Raises:
        ModelError: when the adapter was made for another base.
    """
    made_for = json.loads((adapter / "card.json").read_text(encoding="utf-8"))["base_sha256"]
    if made_for != base_sha256(path):
        raise ModelError(
            f"{adapter}: made for another base than {path.name}; next: train it again on this one"
        )
    if not (adapter / "adapter_config.json").is_file():
        return load_causal_lm(adapter, dtype)
    from peft import PeftModel

    base = load_causal_lm(path, dtype)
    model = PeftModel.from_pretrained(base, adapter, autocast_adapter_dtype=False)
    return (model.merge_and_unload() if dtype == "float32" else join_adapter(model)).eval()


def ends_of(model: Any, tokenizer: Any) -> list[int]:
    """Return the ids of the tokens that end a text."""
    ends = model.generation_config.eos_token_id
    ends = tokenizer.eos_token_id if ends is None else ends
    return list(ends) if isinstance(ends, list) else [ends]


def refuse_adapter(model: Any) -> None:
    """Make sure that a model is a plain base: ModelError when it carries any adapter."""
    carried = [name for name, _ in model.named_parameters() if "lora_" in name]
    if carried or getattr(model, "peft_config", None):
        raise ModelError(
            f"expected a base model, got one with an adapter ({carried[:1]}); load it anew"
        )


def weights_sha256(model: Any) -> str:
    """Return 16 hex digits of a model's first and last attention weights: which model it is."""
    import torch

    chosen = [p for name, p in model.named_parameters() if "q_proj" in name or "o_proj" in name]
    parts = [
        p.detach().to("cpu", torch.float32).numpy().tobytes() for p in chosen[:2] + chosen[-2:]
    ]
    return hashlib.sha256(b"".join(parts)).hexdigest()[:16]


def base_sha256(path: Path) -> str:
    """Hash the files of a model by their hashes; those of a fetched model are in its manifest."""
    noted = read_manifest(path).get("files", {})  # sha256, or [size, sha256] of a fetched model
    known = {name: each if isinstance(each, str) else each[1] for name, each in noted.items()}
    files = known or {p.name: sha256_of(p) for p in sorted(path.glob("*.*")) if p.is_file()}
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()


def numbers_of(dtype: Precision) -> dict[str, Any]:
    """Return the arguments of `from_pretrained` for a precision."""
    import torch

    if dtype != "nf4":
        return {"dtype": getattr(torch, dtype)}
    from transformers import BitsAndBytesConfig

    old_gpu = torch.cuda.is_available() and not has_bfloat16()
    compute = torch.float16 if old_gpu else torch.bfloat16
    config = BitsAndBytesConfig(  # type: ignore[no-untyped-call]
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=compute,
    )
    return {"dtype": compute, "quantization_config": config}


def describe(path: Path) -> dict[str, Any]:
    """Say what a model folder holds, for the `model` field of an answer and for reports.

    Returns:
        `name`, `base` (id at the publisher), `revision` (package version or commit), `licence`,
        `languages`, and `dtype` of the stored weights; what a folder that was not fetched does
        not know is `unknown`.
    """
    spec = read_manifest(path).get("spec", {})
    config = json.loads((path / "config.json").read_text(encoding="utf-8"))
    return {
        "name": spec.get("name", path.name),
        "base": spec.get("base", "unknown"),
        "revision": spec.get("package") or spec.get("revision") or "unknown",
        "licence": spec.get("licence", "unknown"),
        "languages": list(spec.get("languages", [])),
        "dtype": config.get("dtype") or config.get("torch_dtype") or "float32",
    }
