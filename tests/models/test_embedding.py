"""The encoder: normalised, in order, reproducible, offline; quality on the fetched model."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from churnlens.models.embedding import Encoder, TextEncoder
from churnlens.models.lock import ModelError, parse_spec
from churnlens.models.weights import write_manifest
from models.tiny import entry

FETCHED = Path(__file__).parents[2] / "data" / "06_models" / "pretrained" / "all-MiniLM-L6-v2"
TEXTS = ["the bill is high", "why", "support never answers one month contract", "客户离开", ""]


@pytest.fixture(scope="module")
def encoder(tiny_encoder):
    return Encoder(tiny_encoder, dtype="float32", batch_size=2)


def test_vectors_have_length_one_in_float32(encoder):
    vectors = encoder.encode(TEXTS)
    assert vectors.shape == (5, encoder.dimension) == (5, 32)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_vectors_come_in_the_order_of_the_texts(encoder):
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    np.testing.assert_allclose(encoder.encode(TEXTS), alone, atol=1e-5)
    np.testing.assert_allclose(encoder.encode(TEXTS[::-1])[::-1], alone, atol=1e-5)
    assert np.linalg.norm(alone[0] - alone[1]) > 0.1


@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
def test_a_vector_depends_on_its_text_alone(tiny_encoder, dtype):
    encoder = Encoder(tiny_encoder, dtype=dtype, batch_size=4)
    texts = [f"{text} {'month ' * n}".strip() for n in range(12) for text in TEXTS[:3]]
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    assert encoder.encode(texts).tobytes() == alone.tobytes()


def test_the_vector_is_the_mean_of_the_last_layer(encoder, tiny_encoder):
    import torch
    from transformers import AutoModel, AutoTokenizer

    model = AutoModel.from_pretrained(tiny_encoder, local_files_only=True).eval()
    tokenizer = AutoTokenizer.from_pretrained(tiny_encoder, local_files_only=True)
    with torch.inference_mode():
        hidden = model(**tokenizer(TEXTS[0], return_tensors="pt")).last_hidden_state[0]
    mean = hidden.mean(dim=0).numpy()
    np.testing.assert_allclose(encoder.encode(TEXTS[:1])[0], mean / np.linalg.norm(mean), atol=1e-5)


def test_what_is_cut_off_is_told(encoder, caplog):
    encoder.encode(TEXTS)
    assert not caplog.records
    encoder.encode([*TEXTS, "month " * 5_000])
    assert "1 of 6 texts fill the encoder's window" in caplog.text


def test_the_same_texts_give_the_same_bytes(tiny_encoder, encoder):
    again = Encoder(tiny_encoder, dtype="float32", batch_size=2)
    assert encoder.encode(TEXTS).tobytes() == again.encode(TEXTS).tobytes()


def test_bfloat16_is_normalised_in_float32(tiny_encoder, encoder):
    vectors = Encoder(tiny_encoder).encode(TEXTS[:4])
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert (vectors * encoder.encode(TEXTS[:4])).sum(axis=1).min() > 0.99


def test_a_vector_that_is_no_number_is_refused(tiny_encoder, tmp_path):
    from safetensors.numpy import load_file, save_file

    folder = shutil.copytree(tiny_encoder, tmp_path / "m")
    weights = load_file(folder / "model.safetensors")
    save_file({k: v * np.float32("nan") for k, v in weights.items()}, folder / "model.safetensors")
    with pytest.raises(ModelError, match="2 of 2 vectors are not finite"):
        Encoder(folder).encode(TEXTS[:2])


def test_tokens_end_where_they_end(encoder):
    text = "Up to 30 days, 退货"
    ends = encoder.token_ends(text)
    assert ends == sorted(ends) and ends[-1] == len(text) and len(ends) > 3
    assert encoder.token_ends("") == []


def test_no_texts_give_no_vectors(encoder):
    assert encoder.encode([]).shape == (0, 32)


def test_prefixes_come_from_the_lock_entry(tiny_encoder, encoder, tmp_path):
    folder = shutil.copytree(tiny_encoder, tmp_path / "m")
    write_manifest(folder, parse_spec(entry(query_prefix="why ", passage_prefix="the ")))
    prefixed = Encoder(folder, dtype="float32", batch_size=2)
    for query, prefix in ((True, "why "), (False, "the ")):
        expected = encoder.encode([prefix + text for text in TEXTS])
        np.testing.assert_array_equal(prefixed.encode(TEXTS, query=query), expected)
    np.testing.assert_array_equal(encoder.encode(TEXTS, query=True), encoder.encode(TEXTS))


def test_nothing_is_asked_of_the_network(tiny_encoder, socket_disabled):
    assert len(Encoder(tiny_encoder).encode(TEXTS)) == len(TEXTS)


def test_an_absent_model_says_so(tmp_path):
    with pytest.raises(ModelError, match="fetch the model first"):
        Encoder(tmp_path / "absent")


def test_a_fake_is_an_encoder_too():
    class Letters:
        dimension = 26

        def encode(self, texts, *, query=False):
            counts = [[text.count(chr(97 + i)) for i in range(26)] for text in texts]
            return np.array(counts, np.float32)

    encoder: TextEncoder = Letters()
    assert encoder.encode(["abba"])[0, :2].tolist() == [2, 2]


@pytest.mark.slow
@pytest.mark.skipif(not FETCHED.is_dir(), reason="run: kedro fetch-models all-MiniLM-L6-v2")
def test_the_embedded_encoder_finds_the_same_complaint_in_other_words():
    complaints = [
        "The internet connection drops every evening.",
        "My monthly bill went up without notice.",
        "Nobody picks up when I call customer service.",
    ]
    questions = [
        "Why is the line unstable at night?",
        "Too high a price",
        "Support does not answer",
    ]
    vectors = {}
    for dtype in ("float32", "bfloat16"):
        encoder = Encoder(FETCHED, dtype=dtype)
        vectors[dtype] = encoder.encode(complaints), encoder.encode(questions, query=True)
        found = (vectors[dtype][1] @ vectors[dtype][0].T).argmax(axis=1)
        assert found.tolist() == [0, 1, 2]
    cosines = (vectors["float32"][0] * vectors["bfloat16"][0]).sum(axis=1)
    assert cosines.min() > 0.999
