"""Open a model folder: offline, without foreign code, in the precision that was asked for."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from churnlens.models.weights import check_weights, read_manifest
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
        path, use_safetensors=True, **_numbers(dtype), **where, **_SAFE
    )
    return model.eval()  # type: ignore[no-untyped-call]


def _numbers(dtype: Precision) -> dict[str, Any]:
    import torch

    if dtype != "nf4":
        return {"dtype": getattr(torch, dtype)}
    from transformers import BitsAndBytesConfig

    old_gpu = torch.cuda.is_available() and not torch.cuda.is_bf16_supported()
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
