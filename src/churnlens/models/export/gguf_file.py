"""A merged model as a GGUF file, read back and compared before it counts as written.

Llama and Qwen2 decoders with byte-level BPE only: their layout is simple enough to be written
here and checked. The layout follows the specification of the GGUF format (ggml, docs/gguf.md).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churnlens.models.export.report import ExportError
from churnlens.models.loading import load_tokenizer
from churnlens.options import Dtype

if TYPE_CHECKING:
    import numpy as np

WEIGHTS = "model.gguf"
_FAMILIES = ("llama", "qwen2")
_NEXT = "next: export --format merged, then llama.cpp's convert_hf_to_gguf.py on that folder"


def write_gguf(merged: Path, path: Path, dtype: Dtype) -> None:
    """Write a merged float32 model as one GGUF file with tokenizer and chat template.

    Args:
        merged: folder that `merge` wrote in float32.
        path: the file.
        dtype: float32, or float16 for all matrices (vectors stay in float32).

    Raises:
        ExportError: naming what of the model is not written here, and the tool that can.
    """
    from gguf import GGUFWriter

    check_writable(merged, merged, dtype)
    config = json.loads((merged / "config.json").read_text(encoding="utf-8"))
    tokenizer = load_tokenizer(merged)
    backend = json.loads(tokenizer.backend_tokenizer.to_str())
    writer = GGUFWriter(path, config["model_type"])
    _add_sizes(writer, config, dtype)
    _add_tokenizer(writer, tokenizer, backend, config)
    _write(writer, merged, config, dtype)


def check_writable(model: Path, tokenizer: Path, dtype: Dtype) -> None:
    """Refuse a model that is none of those written here, before any weights are read.

    Args:
        model: folder with its config.
        tokenizer: folder with its tokenizer; the adapter's may be newer than the base's.
        dtype: of the written weights.

    Raises:
        ExportError: naming all that does not fit, and the tool that can.
    """
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    backend = json.loads(load_tokenizer(tokenizer).backend_tokenizer.to_str())
    rope = (config.get("rope_parameters") or {}).get("rope_type", "default")
    faults = []
    if config.get("model_type") not in _FAMILIES:
        faults.append(f"architecture {config.get('model_type')!r}, expected one of {_FAMILIES}")
    if rope != "default" or config.get("rope_scaling"):
        faults.append(f"rotary scaling {rope!r}, expected 'default'")
    if config.get("attention_bias") or config.get("mlp_bias"):
        faults.append("biases that the architecture has not by itself")
    if config.get("use_sliding_window"):
        faults.append("a sliding window")
    if backend["model"]["type"] != "BPE" or split_of(backend) is None:
        faults.append("a tokenizer that is not byte-level BPE with a known splitting")
    if dtype == "bfloat16":
        faults.append("dtype bfloat16, expected float32 or float16")
    if faults:
        raise ExportError(f"GGUF is not written for {'; '.join(faults)}. {_NEXT}")


def split_of(backend: Mapping[str, Any]) -> str | None:
    """Return llama.cpp's name of how the tokenizer splits words, or None for an unknown way."""
    from transformers.models.qwen2.tokenization_qwen2 import PRETOKENIZE_REGEX

    split = backend.get("pre_tokenizer") or {}
    steps = split.get("pretokenizers", [split])
    kinds = [step.get("type") for step in steps]
    if steps[-1].get("type") != "ByteLevel" or steps[-1].get("add_prefix_space"):
        return None
    if kinds == ["ByteLevel"] and steps[0]["use_regex"]:
        return "gpt-2"
    if kinds == ["Digits", "ByteLevel"] and steps[0]["individual_digits"] and steps[1]["use_regex"]:
        return "smollm"
    if kinds == ["Split", "ByteLevel"] and steps[0]["pattern"] == {"Regex": PRETOKENIZE_REGEX}:
        return "qwen2"
    return None


def _add_sizes(writer: Any, config: Mapping[str, Any], dtype: Dtype) -> None:
    from gguf import LlamaFileType

    heads = config["num_attention_heads"]
    width = config.get("head_dim") or config["hidden_size"] // heads
    theta = (config.get("rope_parameters") or config).get("rope_theta", 10000.0)
    writer.add_name("churnlens student")
    kind = LlamaFileType.ALL_F32 if dtype == "float32" else LlamaFileType.MOSTLY_F16
    writer.add_file_type(kind)
    writer.add_vocab_size(config["vocab_size"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(heads)
    writer.add_head_count_kv(config.get("num_key_value_heads") or heads)
    writer.add_key_length(width)
    writer.add_value_length(width)
    writer.add_rope_dimension_count(width)
    writer.add_rope_freq_base(theta)
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])


def _add_tokenizer(
    writer: Any, tokenizer: Any, backend: Mapping[str, Any], config: Mapping[str, Any]
) -> None:
    from gguf import TokenType

    known = {index: token for token, index in tokenizer.get_vocab().items()}
    added = {token["id"]: token["special"] for token in backend["added_tokens"]}
    size = config["vocab_size"]
    types = [TokenType.NORMAL if i in known else TokenType.UNUSED for i in range(size)]
    for index, special in added.items():
        types[index] = TokenType.CONTROL if special else TokenType.USER_DEFINED
    merges = backend["model"]["merges"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(split_of(backend))
    writer.add_token_list([known.get(i, f"[PAD{i}]") for i in range(size)])
    writer.add_token_types(types)
    writer.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in merges])
    for add, token in (
        (writer.add_bos_token_id, tokenizer.bos_token_id),
        (writer.add_eos_token_id, tokenizer.eos_token_id),
        (writer.add_unk_token_id, tokenizer.unk_token_id),
        (writer.add_pad_token_id, tokenizer.pad_token_id),
    ):
        if token is not None:
            add(token)
    writer.add_add_bos_token(tokenizer("a")["input_ids"][0] == tokenizer.bos_token_id)
    writer.add_chat_template(tokenizer.chat_template)


def _write(writer: Any, merged: Path, config: Mapping[str, Any], dtype: Dtype) -> None:
    """Write all tensors, one in memory at a time."""
    import numpy as np

    for name, tensor in _tensors(merged, config, dtype):
        writer.add_tensor_info(name, tensor.shape, tensor.dtype, tensor.nbytes)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for _, tensor in _tensors(merged, config, dtype):
        writer.write_tensor_data(np.ascontiguousarray(tensor))
    writer.close()


def _tensors(
    merged: Path, config: Mapping[str, Any], dtype: Dtype
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield name and values of each tensor, as GGUF wants them."""
    from gguf import MODEL_ARCH, get_tensor_name_map
    from safetensors import safe_open

    arch = MODEL_ARCH[config["model_type"].upper()]
    names = get_tensor_name_map(arch, config["num_hidden_layers"])
    heads = config["num_attention_heads"]
    groups = {"q_proj": heads, "k_proj": config.get("num_key_value_heads") or heads}
    for path in sorted(merged.glob("*.safetensors")):
        with safe_open(path, framework="numpy") as stream:
            for name in stream.keys():  # noqa: SIM118 (not a mapping)
                tensor = stream.get_tensor(name)
                part = name.split(".")[-2]
                if config["model_type"] == "llama" and part in groups:
                    tensor = interleave(tensor, groups[part])
                kept = names.get_name(name, try_suffixes=(".weight", ".bias"))
                if kept is None:
                    raise ExportError(f"GGUF has no place for the tensor {name}. {_NEXT}")
                yield kept, tensor.astype(dtype) if tensor.ndim > 1 else tensor


def interleave(weights: np.ndarray, heads: int) -> np.ndarray:
    """Reorder rows of a query or key matrix (rows, columns): llama.cpp rotates neighbours.

    transformers rotates row i of a head with row i + half; llama.cpp row 2i with row 2i + 1.
    """
    halves = weights.reshape(heads, 2, -1, *weights.shape[1:])
    return halves.swapaxes(1, 2).reshape(weights.shape)
