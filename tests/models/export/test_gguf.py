"""GGUF read back by another program's reader: the same model, the same tokens, the same prompt."""

import json
import os
import struct

import gguf
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from churnlens.datasets.atomic import is_complete
from churnlens.models.export import ollama as module
from churnlens.models.export.agreement import load_on_cpu
from churnlens.models.export.gguf_file import interleave, split_of, write_gguf
from churnlens.models.export.report import ExportError
from churnlens.models.export.student import export_student
from churnlens.models.loading import load_tokenizer
from models.tiny import make_tokenizer


@pytest.fixture(scope="module")
def exported(tiny_lm, adapter, prompts, tmp_path_factory):
    target = tmp_path_factory.mktemp("export") / "gguf"
    return export_student(adapter, tiny_lm, target, "gguf", prompts), target


def field(reader, name):
    return reader.get_field(name).contents()


def test_the_file_is_the_adapter_on_its_base(exported):
    report, folder = exported
    assert (report.form, report.dtype, report.same_texts) == ("gguf", "float32", 20)
    assert report.max_difference <= 1e-3
    names = {"model.gguf", "Modelfile", "card.json", "export.json", "manifest.json"}
    assert set(os.listdir(folder)) == names and is_complete(folder)
    assert os.listdir(folder.parent) == ["gguf"]  # the merged folder between is gone
    assert report.files.keys() == names - {"manifest.json"}
    assert report.model_validate_json(report.model_dump_json()) == report


def test_the_header_says_what_a_runtime_needs(exported, tiny_lm):
    reader, config = gguf.GGUFReader(exported[1] / "model.gguf"), load_on_cpu(tiny_lm).config
    assert field(reader, "general.architecture") == "llama"
    assert field(reader, "llama.block_count") == 2
    assert field(reader, "llama.attention.head_count") == 4
    assert field(reader, "llama.attention.head_count_kv") == 2
    assert field(reader, "llama.context_length") == 256
    assert field(reader, "llama.rope.freq_base") == config.rope_parameters["rope_theta"]
    assert field(reader, "tokenizer.ggml.model") == "gpt2"
    assert field(reader, "tokenizer.ggml.pre") == "gpt-2"
    assert field(reader, "tokenizer.ggml.eos_token_id") == 2
    assert field(reader, "tokenizer.ggml.add_bos_token") is False  # the template writes it
    assert field(reader, "tokenizer.chat_template") == load_tokenizer(tiny_lm).chat_template
    tokens, kinds = (field(reader, f"tokenizer.ggml.{x}") for x in ("tokens", "token_type"))
    assert len(tokens) == len(kinds) == config.vocab_size
    assert kinds[:3] == [3, 3, 3] and kinds[-4:] == [5, 5, 5, 5] and set(kinds[3:-4]) == {1}


def test_matrices_are_half_as_large_in_float16_and_vectors_are_not(
    tiny_lm, adapter, prompts, tmp_path
):
    report = export_student(adapter, tiny_lm, tmp_path / "half", "gguf", prompts, "float16")
    assert report.dtype == "float16" and any("rounded to float16" in note for note in report.notes)
    assert 0 < report.max_difference < 1
    kinds = {
        t.name: t.tensor_type.name
        for t in gguf.GGUFReader(tmp_path / "half" / "model.gguf").tensors
    }
    assert kinds["blk.0.attn_q.weight"] == "F16" and kinds["blk.0.attn_norm.weight"] == "F32"


def test_rotation_of_neighbours_is_rotation_of_halves_reordered():
    """The definition, on vectors: rotate, then reorder, is reorder, then rotate."""
    rng, width, heads = np.random.default_rng(7), 8, 3
    angles = rng.normal(size=width // 2)
    x = rng.normal(size=(heads * width, 5))

    def rotate(a, b):
        return a * np.cos(angles)[:, None] - b * np.sin(angles)[:, None], (
            a * np.sin(angles)[:, None] + b * np.cos(angles)[:, None]
        )

    halves, pairs = x.reshape(heads, width, 5).copy(), interleave(x, heads).reshape(heads, width, 5)
    for head in range(heads):
        a, b = rotate(halves[head, : width // 2], halves[head, width // 2 :])
        halves[head] = np.concatenate([a, b])
        pairs[head, 0::2], pairs[head, 1::2] = rotate(pairs[head, 0::2], pairs[head, 1::2])
    np.testing.assert_allclose(interleave(halves.reshape(-1, 5), heads), pairs.reshape(-1, 5))


@pytest.fixture(scope="module")
def qwen(tmp_path_factory):
    """A Qwen2 of two layers: biases, untied output, digits one by one."""
    from tokenizers import Regex, normalizers, pre_tokenizers
    from transformers import Qwen2Config, Qwen2ForCausalLM
    from transformers.models.qwen2.tokenization_qwen2 import PRETOKENIZE_REGEX

    folder, tokenizer = tmp_path_factory.mktemp("qwen"), make_tokenizer()
    tokenizer.backend_tokenizer.normalizer = normalizers.NFC()
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PRETOKENIZE_REGEX), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    torch.manual_seed(7)
    config = Qwen2Config(
        vocab_size=len(tokenizer) + 4,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=256,
        initializer_range=0.3,
        tie_word_embeddings=False,
        eos_token_id=2,
        pad_token_id=2,
    )
    model = Qwen2ForCausalLM(config)
    with torch.no_grad():  # fresh biases are zero and would hide a mistake
        for name, parameter in model.named_parameters():
            if name.endswith("bias"):
                parameter.normal_()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_a_qwen_comes_back_the_same(qwen, tmp_path):
    from churnlens.models.conversion import convert_gguf

    write_gguf(qwen, tmp_path / "q.gguf", "float32")
    (tmp_path / "again").mkdir()
    convert_gguf(tmp_path / "q.gguf", tmp_path / "again")
    ids = torch.tensor([[1, 5, 9, 30, 7, 2]])
    with torch.inference_mode():
        ours, theirs = (load_on_cpu(folder)(ids).logits for folder in (tmp_path / "again", qwen))
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=0)
    text = "why 2024 bills?  光纤 too high"
    ours, theirs = (load_tokenizer(f)(text)["input_ids"] for f in (tmp_path / "again", qwen))
    assert ours == theirs


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"model_type": "gemma3"}, "architecture 'gemma3'"),
        (
            {"rope_parameters": {"rope_type": "linear", "rope_theta": 1e4, "factor": 2.0}},
            "rotary scaling 'linear'",
        ),
        ({"attention_bias": True}, "biases"),
    ],
)
def test_what_is_not_written_names_the_tool_that_does(tiny_lm, tmp_path, change, match):
    for path in tiny_lm.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    config = json.loads((tmp_path / "config.json").read_text(encoding="utf-8")) | change
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(ExportError, match=f"{match}.*convert_hf_to_gguf.py"):
        write_gguf(tmp_path, tmp_path / "x.gguf", "float32")
    assert not (tmp_path / "x.gguf").exists()


def test_bfloat16_is_refused_before_anything_is_merged(tiny_lm, adapter, prompts, tmp_path):
    with pytest.raises(ExportError, match="expected float32 or float16"):
        export_student(adapter, tiny_lm, tmp_path / "x", "gguf", prompts, "bfloat16")
    assert os.listdir(tmp_path) == []


def test_an_unknown_splitting_has_no_name():
    assert split_of({"pre_tokenizer": {"type": "Whitespace"}}) is None
    assert split_of({"pre_tokenizer": None}) is None
    other = {"type": "Split", "pattern": {"Regex": "x"}}
    level = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False}
    assert (
        split_of({"pre_tokenizer": {"type": "Sequence", "pretokenizers": [other, level]}}) is None
    )
    assert (
        split_of({"pre_tokenizer": {**level, "use_regex": True, "add_prefix_space": True}}) is None
    )


def test_a_file_that_reads_back_differently_is_refused(
    tiny_lm, adapter, prompts, tmp_path, monkeypatch
):
    convert = module.convert_gguf

    def damaged(source, target):
        convert(source, target)
        tensors = load_file(target / "model.safetensors")
        tensors["model.norm.weight"][0] += 0.5
        save_file(tensors, target / "model.safetensors", {"format": "pt"})

    monkeypatch.setattr(module, "convert_gguf", damaged)
    with pytest.raises(ExportError, match="the GGUF file: logits differ"):
        export_student(adapter, tiny_lm, tmp_path / "x", "gguf", prompts)
    assert os.listdir(tmp_path) == []


def test_the_magic_number_is_there(exported):
    with (exported[1] / "model.gguf").open("rb") as stream:
        assert struct.unpack("<4sI", stream.read(8)) == (b"GGUF", 3)
