"""From a GGUF file to the folder that transformers loads: once, in full precision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from churnlens.models.lock import ModelError

_DIGITS_FIRST = {"smollm"}  # vocabularies whose merges were learned with every digit on its own


def convert_gguf(source: Path, target: Path) -> None:
    """Write a quantised GGUF model as float32 safetensors with tokenizer and chat template.

    Float32 holds the dequantised weights exactly, loads without a cast, and is what equality
    tests and merged adapters need; a bfloat16 copy would halve the disk and round the weights.

    Args:
        source: the GGUF file.
        target: existing folder that receives config, weights, tokenizer and generation config.

    Raises:
        ModelError: when the file carries no chat template.
    """
    import torch
    from transformers import AutoModelForCausalLM, GgufConfig

    tokenizer = _tokenizer(source)
    model = AutoModelForCausalLM.from_pretrained(
        source.parent,
        gguf_file=source.name,
        quantization_config=GgufConfig(dequantize=True),
        dtype=torch.float32,
        local_files_only=True,
        trust_remote_code=False,
    )
    tokenizer.model_max_length = model.config.max_position_embeddings
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)


def _tokenizer(source: Path) -> Any:
    """Read the tokenizer, with the digit splitting that the GGUF reader leaves out."""
    from gguf import GGUFReader
    from tokenizers import pre_tokenizers
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(
        source.parent, gguf_file=source.name, local_files_only=True, trust_remote_code=False
    )
    if not tokenizer.chat_template:
        raise ModelError(f"{source.name}: no chat template; next: use an instruction-tuned model")
    kind = GGUFReader(source).get_field("tokenizer.ggml.pre")
    if kind is not None and kind.contents() in _DIGITS_FIRST:
        tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Digits(individual_digits=True),
                pre_tokenizers.ByteLevel(add_prefix_space=False),
            ]
        )
    return tokenizer
