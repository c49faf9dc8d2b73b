"""Foreign weights: what is refused before anything opens it, and what a manifest proves."""

import json
import pickle
import struct

import pytest

from churnlens.models.lock import ModelError, parse_spec
from churnlens.models.weights import (
    MANIFEST,
    check_weights,
    read_manifest,
    verify,
    write_manifest,
)
from models.tiny import entry, model_files, write_files


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was opened",))


GOOD = model_files()
TENSORS = GOOD["model.safetensors"]
HEADER = json.loads(TENSORS[8 : 8 + struct.unpack("<Q", TENSORS[:8])[0]])


def tensors(header, data=TENSORS[-24:]):
    """A safetensors file with a header of our own."""
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"pytorch_model.bin": pickle.dumps(Bomb())}, "pickled"),
        ({"sub/optimizer.pt": pickle.dumps(Bomb())}, "pickled"),
        ({"vectors.pkl": pickle.dumps(Bomb())}, "pickled"),
        ({"model.safetensors": TENSORS[:-4]}, "not whole safetensors"),
        ({"model.safetensors": TENSORS[:5]}, "not whole safetensors"),
        ({"model.safetensors": struct.pack("<Q", 2**62) + TENSORS[8:]}, "not whole safetensors"),
        ({"model.safetensors": pickle.dumps(Bomb())}, "not whole safetensors"),
        (
            {"model.safetensors": tensors({"w": {**HEADER["weight"], "data_offsets": [0, 2**40]}})},
            "not whole safetensors",
        ),
        ({"config.json": b'{"auto_map": {"AutoModel": "code.Model"}}'}, "auto_map"),
        ({"config.json": b'{"auto\\u005fmap": {"AutoModel": "code.Model"}}'}, "auto_map"),
        ({"config.json": b'{"text_config": {"auto_map": {}}}'}, "auto_map"),
        ({"tokenizer_config.json": b'{"auto_map": {"AutoTokenizer": ["c.T", null]}}'}, "auto_map"),
        ({"config.json": b"[" * 100_000}, "not readable as JSON"),
        ({"config.json": b"\xff\xfe"}, "not readable as JSON"),
        ({"modules.json": b'[{"type": "custom_st.Transformer"}]'}, "code from outside"),
        ({"modeling_tiny.py": b"import os"}, "no program"),
    ],
)
def test_foreign_weights_are_refused_in_one_line(tmp_path, files, reason):
    folder = write_files(tmp_path / "foreign", {**GOOD, **files})
    with pytest.raises(ModelError, match=reason) as caught:
        check_weights(folder)
    text = str(caught.value)
    assert "\n" not in text and len(text) < 400
    assert text.startswith("foreign: ") and "next: " in text


def test_a_folder_without_weights_or_no_folder_is_refused(tmp_path):
    write_files(tmp_path / "empty", {"config.json": b"{}"})
    with pytest.raises(ModelError, match=r"no \.safetensors file"):
        check_weights(tmp_path / "empty")
    with pytest.raises(ModelError, match="found none"):
        check_weights(tmp_path / "absent")


def test_a_good_folder_passes(tmp_path):
    modules = json.dumps([{"type": "sentence_transformers.models.Pooling"}]).encode()
    more = {
        "modules.json": modules,
        "1_Pooling/config.json": b"{}",
        "vocab.txt": b"a",
        "LICENSE": b"",
    }
    check_weights(write_files(tmp_path, {**GOOD, **more}))


@pytest.fixture
def fetched(tmp_path):
    """A hub model as `fetch` leaves it: its spec and its root."""
    spec = parse_spec(entry())
    write_manifest(write_files(tmp_path / "m", {**GOOD, "1_Pooling/config.json": b"{}"}), spec)
    return spec, tmp_path


def test_the_manifest_names_every_file_and_the_entry(fetched):
    spec, root = fetched
    manifest = read_manifest(root / "m")
    assert set(manifest["files"]) == {*GOOD, "1_Pooling/config.json"}
    assert manifest["files"]["config.json"][0] == len(GOOD["config.json"])
    assert parse_spec(manifest["spec"]) == spec
    assert verify(spec, root) == verify(spec, root, full=True) == root / "m"


def test_a_missing_or_longer_file_is_found_by_its_size(fetched):
    spec, root = fetched
    (root / "m" / "config.json").write_bytes(b"{}")
    with pytest.raises(
        ModelError, match=r"got 2 bytes, expected 22 bytes; run: kedro fetch-models m"
    ):
        verify(spec, root)
    (root / "m" / "config.json").unlink()
    with pytest.raises(ModelError, match="got no file"):
        verify(spec, root)


def test_a_changed_byte_is_found_by_the_full_check_only(fetched):
    spec, root = fetched
    changed = bytearray(TENSORS)
    changed[-1] ^= 1
    (root / "m" / "model.safetensors").write_bytes(changed)
    assert verify(spec, root)
    with pytest.raises(ModelError, match=r"sha256 [0-9a-f]{64}, expected [0-9a-f]{64}"):
        verify(spec, root, full=True)


def test_another_revision_of_the_base_is_refused(fetched):
    spec, root = fetched
    other = parse_spec(entry(revision="1" * 40))
    with pytest.raises(ModelError, match=rf"is a/m at {'0' * 40}, expected a/m at {'1' * 40}"):
        verify(other, root)


def test_without_its_manifest_nothing_is_there(fetched):
    spec, root = fetched
    (root / "m" / MANIFEST).unlink()
    assert read_manifest(root / "m") == {}
    with pytest.raises(ModelError, match="run: kedro fetch-models m"):
        verify(spec, root)


def test_a_torn_manifest_is_refused(fetched):
    spec, root = fetched
    (root / "m" / MANIFEST).write_text('{"digest": ', encoding="utf-8")
    with pytest.raises(ModelError, match="not readable as JSON"):
        verify(spec, root)


def test_a_local_model_is_checked_where_it_is(tmp_path):
    raw = entry(source="local", path=str(write_files(tmp_path / "mine", GOOD)))
    del raw["revision"]
    assert verify(parse_spec(raw), tmp_path / "unused") == tmp_path / "mine"
    write_files(tmp_path / "mine", {"pytorch_model.bin": b""})
    with pytest.raises(ModelError, match="pickled"):
        verify(parse_spec(raw), tmp_path / "unused")
