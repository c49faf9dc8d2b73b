"""GGUF to safetensors, on a GGUF file written here with the format's own library."""

import gguf
import numpy as np
import pytest
from gguf import GGMLQuantizationType, GGUFWriter, quants
from safetensors.numpy import load_file

from churnlens.models.conversion import convert_gguf
from churnlens.models.lock import ModelError
from churnlens.models.weights import check_weights
from models.tiny import CHATML, make_tokenizer

HIDDEN, FEED, HEADS, GROUPS = 64, 96, 4, 2


def write_gguf(path, *, template=CHATML, pre="smollm"):
    """A llama of one layer in Q4_1; returns the weights that the file holds, by GGUF name."""
    tokenizer, rng = make_tokenizer(), np.random.default_rng(7)
    vocabulary = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().get)
    merges = [" ".join(pair) for pair in tokenizer_merges(tokenizer)]
    writer = GGUFWriter(path, "llama")
    writer.add_block_count(1)
    writer.add_context_length(256)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(FEED)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(GROUPS)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(vocabulary))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(vocabulary)
    writer.add_token_types([3 if word.startswith("<|") else 1 for word in vocabulary])
    writer.add_token_merges(merges)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_pad_token_id(2)
    if template:
        writer.add_chat_template(template)
    keys = HIDDEN // HEADS * GROUPS
    shapes = {
        "token_embd.weight": (len(vocabulary), HIDDEN),
        "blk.0.attn_q.weight": (HIDDEN, HIDDEN),
        "blk.0.attn_k.weight": (keys, HIDDEN),
        "blk.0.attn_v.weight": (keys, HIDDEN),
        "blk.0.attn_output.weight": (HIDDEN, HIDDEN),
        "blk.0.ffn_gate.weight": (FEED, HIDDEN),
        "blk.0.ffn_up.weight": (FEED, HIDDEN),
        "blk.0.ffn_down.weight": (HIDDEN, FEED),
    }
    held = {}
    for name, shape in shapes.items():
        kind = GGMLQuantizationType.Q4_1
        packed = quants.quantize(rng.normal(size=shape).astype(np.float32), kind)
        held[name] = quants.dequantize(packed, kind)
        writer.add_tensor(name, packed, raw_dtype=kind)
    for name in ("blk.0.attn_norm.weight", "blk.0.ffn_norm.weight", "output_norm.weight"):
        writer.add_tensor(name, np.ones(HIDDEN, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return held


def tokenizer_merges(tokenizer):
    import json

    return json.loads(tokenizer.backend_tokenizer.to_str())["model"]["merges"]


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    """The folder of a converted file, and the weights that the file held."""
    source = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    target = tmp_path_factory.mktemp("converted")
    held = write_gguf(source)
    convert_gguf(source, target)
    return target, held


def test_the_weights_are_the_dequantised_ones_to_the_bit(converted):
    folder, held = converted
    tensors = load_file(folder / "model.safetensors")
    assert {str(t.dtype) for t in tensors.values()} == {"float32"}
    layer = "model.layers.0."
    for ours, theirs in {
        "model.embed_tokens.weight": "token_embd.weight",
        layer + "self_attn.v_proj.weight": "blk.0.attn_v.weight",
        layer + "self_attn.o_proj.weight": "blk.0.attn_output.weight",
        layer + "mlp.gate_proj.weight": "blk.0.ffn_gate.weight",
        layer + "mlp.down_proj.weight": "blk.0.ffn_down.weight",
    }.items():
        np.testing.assert_array_equal(tensors[ours], held[theirs])


def test_rotary_rows_are_put_back_in_the_order_of_transformers(converted):
    folder, held = converted
    tensors = load_file(folder / "model.safetensors")
    for part, heads in (("q", HEADS), ("k", GROUPS)):
        stored = held[f"blk.0.attn_{part}.weight"]  # per head: pairs (i, i + half) interleaved
        expected = np.concatenate(
            [np.concatenate([head[0::2], head[1::2]]) for head in np.split(stored, heads)]
        )
        got = tensors[f"model.layers.0.self_attn.{part}_proj.weight"]
        np.testing.assert_array_equal(got, expected)


def test_tokenizer_template_and_end_token_travel_along(converted):
    from transformers import AutoTokenizer, GenerationConfig

    folder, _ = converted
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    chat = [{"role": "user", "content": "why leave"}]
    rendered = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    assert rendered == "<|im_start|>user\nwhy leave<|im_end|>\n<|im_start|>assistant\n"
    assert GenerationConfig.from_pretrained(folder).eos_token_id == tokenizer.eos_token_id == 2
    assert tokenizer.model_max_length == 256
    assert tokenizer.decode(tokenizer("the bill is 12 €")["input_ids"]) == "the bill is 12 €"


def test_digits_are_split_off_before_white_space_is_joined(converted, tmp_path):
    from transformers import AutoTokenizer

    def pieces(folder, text):
        split = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        return [piece for piece, _ in split.backend_tokenizer.pre_tokenizer.pre_tokenize_str(text)]

    assert pieces(converted[0], "a\n\n12") == ["a", "ĊĊ", "1", "2"]
    write_gguf(tmp_path / "other.gguf", pre="gpt-2")
    (tmp_path / "out").mkdir()
    convert_gguf(tmp_path / "other.gguf", tmp_path / "out")
    assert pieces(tmp_path / "out", "a\n\n12") == ["a", "Ċ", "Ċ", "12"]


def test_the_result_is_a_model_folder_and_always_the_same(converted, tmp_path):
    folder, _ = converted
    check_weights(folder)
    write_gguf(tmp_path / "tiny.gguf")
    (tmp_path / "again").mkdir()
    convert_gguf(tmp_path / "tiny.gguf", tmp_path / "again")
    for path in folder.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes(), path.name


def test_a_model_without_a_chat_template_is_refused(tmp_path):
    write_gguf(tmp_path / "base.gguf", template="")
    with pytest.raises(ModelError, match="no chat template"):
        convert_gguf(tmp_path / "base.gguf", tmp_path)
    assert gguf.GGUFReader(tmp_path / "base.gguf").get_field("tokenizer.chat_template") is None
