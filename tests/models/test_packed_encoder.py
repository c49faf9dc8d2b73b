"""A packed encoder written here, byte by byte, becomes the model that it was written from."""

import struct

import numpy as np
import pytest
import torch
from gguf import GGMLQuantizationType, quants
from hypothesis import given
from hypothesis import strategies as st
from sentence_transformers import SentenceTransformer
from transformers import AutoTokenizer, BertConfig, BertModel

from churnlens.models.lock import ModelError
from churnlens.models.packed_encoder import _PARTS, convert_packed, read_packed
from churnlens.models.weights import check_weights

CONFIG = BertConfig(
    vocab_size=40,
    hidden_size=32,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=64,
    max_position_embeddings=48,
    layer_norm_eps=1e-12,
    pad_token_id=1,
)
COSTS = {"\u2581": 2, "\u2581a": 1, "b": 2, "ab": 4, "\u2581b": 1, "\uff5e": 3, "1": 3, "断": 3}
PIECES = [(word, 0.0) for word in ("<s>", "<pad>", "</s>", "<unk>")]
PIECES += [(word, -float(cost)) for word, cost in COSTS.items()]
REPLACED = {"\t": " ", "\u200b": " ", "\x01": "", "\uff41": "a"}
NAMES = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
    **{
        f"l{layer}.{part}.{kind[0]}": f"encoder.layer.{layer}.{name}.{kind}"
        for layer in range(2)
        for part, name in _PARTS.items()
        for kind in ("weight", "bias")
    },
}


def packs(name):
    return name == "emb.word" or (name.endswith(".w") and "ln" not in name)


def quantised():
    """A random model whose matrices are what Q4_0 holds of them."""
    torch.manual_seed(5)
    model = BertModel(CONFIG).eval()
    state, packed = model.state_dict(), {}
    for name, theirs in NAMES.items():
        values = torch.randn(state[theirs].shape).numpy()
        kind = GGMLQuantizationType.Q4_0 if packs(name) else GGMLQuantizationType.F32
        packed[name] = quants.quantize(values, kind)
        state[theirs] = torch.from_numpy(
            quants.dequantize(packed[name], kind).reshape(values.shape)
        )
    model.load_state_dict(state)
    return model, packed


def write_packed(path, tensors):
    """Write the format of `e5.c`."""
    sizes = (32, 2, 2, 64, 40, 48, 2)
    head = b"E5S1" + struct.pack("<I7ifi5i", 1, *sizes, 1e-12, 32, len(PIECES), 0, 2, 1, 3)
    texts = [word.encode() for word, _ in PIECES]
    ends = np.cumsum([0, *map(len, texts)]).astype("<u4").tobytes()
    scores = np.array([score for _, score in PIECES], "<f4").tobytes()
    head += struct.pack("<Q", sum(map(len, texts))) + ends + scores + b"".join(texts)
    rules = [
        struct.pack(f"<IB{len(to)}I", ord(sign), len(to), *map(ord, to))
        for sign, to in REPLACED.items()
    ]
    head += struct.pack("<iI", len(rules), len(b"".join(rules))) + b"".join(rules)
    entries = sum(2 + len(name) + 1 + 4 + 8 + 8 for name in tensors)
    begin, directory, blobs = len(head) + 4 + entries, b"", b""
    for name, held in tensors.items():
        raw, size = held.tobytes(), held.size * (32 / 18 if packs(name) else 1)
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", packs(name), int(size), begin + len(blobs), len(raw))
        blobs += raw
    path.write_bytes(head + struct.pack("<i", len(tensors)) + directory + blobs)
    return path


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("packed")
    model, tensors = quantised()
    source, target = write_packed(folder / "small.bin", tensors), folder / "target"
    target.mkdir()
    convert_packed(source, target)
    return model, source, target


def test_the_folder_holds_the_model_that_was_packed(converted):
    model, _, target = converted
    encoder = SentenceTransformer(str(target), device="cpu", local_files_only=True)
    check_weights(target)
    ids = torch.tensor([[0, 5, 6, 11, 2]])
    with torch.inference_mode():
        theirs = model(input_ids=ids).last_hidden_state[0]
    expected = torch.nn.functional.normalize(theirs.mean(0), dim=0).numpy()
    got = encoder.encode(["ab断"], normalize_embeddings=True)[0]
    assert encoder.tokenizer("ab断")["input_ids"] == ids[0].tolist()
    assert got == pytest.approx(expected, abs=1e-5)
    assert encoder.max_seq_length == 48


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("a b", ["\u2581a", "\u2581b"]),
        ("a \t\u200b b", ["\u2581a", "\u2581b"]),  # signs that become spaces, and runs of them
        ("\x01a\x01b", ["\u2581a", "b"]),  # signs that vanish
        ("\uff41\u2460", ["\u2581a", "1"]),  # NFKC
        ("a\uff5e", ["\u2581a", "\uff5e"]),  # but for the wide tilde
        ("断", ["\u2581", "断"]),
    ],
)
def test_texts_are_cut_as_the_file_says(converted, text, pieces):
    assert AutoTokenizer.from_pretrained(converted[2]).tokenize(text) == pieces


def test_two_conversions_give_the_same_bytes(converted, tmp_path):
    _, source, target = converted
    convert_packed(source, tmp_path)
    for path in target.rglob("*.*"):
        assert (tmp_path / path.relative_to(target)).read_bytes() == path.read_bytes(), path


def test_another_file_is_refused(tmp_path):
    path = tmp_path / "x.bin"
    path.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ModelError, match="expected a file that begins with"):
        read_packed(path)


@given(st.floats(0, 0.999))
def test_a_file_that_is_cut_short_is_refused(converted, tmp_path_factory, share):
    data = converted[1].read_bytes()
    path = tmp_path_factory.getbasetemp() / "cut.bin"
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(ModelError, match=r"cut\.bin: .*(expected|cut short)"):
        read_packed(path)
