import json
import os
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest
from kedro.io.core import DatasetError

from churnlens.datasets import AtomicDataset
from churnlens.datasets.atomic import (
    MANIFEST,
    is_complete,
    remove_folder,
    replace_file,
    sweep,
    temporary_sibling,
    write_file,
    write_folder,
)


def fill(folder):
    (folder / "a.txt").write_text("a", encoding="utf-8")
    (folder / "deep").mkdir()
    (folder / "deep" / "b.txt").write_text("b", encoding="utf-8")


def test_a_failing_write_keeps_the_old_file_and_leaves_no_trace(tmp_path):
    path = tmp_path / "x.json"
    write_file(path, b"old")

    def fail(temporary):
        temporary.write_bytes(b"ne")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        replace_file(path, fail)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["x.json"]


def test_a_folder_is_complete_only_with_every_file_as_written(tmp_path):
    folder = tmp_path / "index"
    write_folder(folder, fill)
    assert is_complete(folder)
    (folder / "deep" / "b.txt").write_text("c", encoding="utf-8")
    assert not is_complete(folder)
    write_folder(folder, fill)
    (folder / "a.txt").unlink()
    assert not is_complete(folder)
    write_folder(folder, fill)
    (folder / MANIFEST).unlink()
    assert not is_complete(folder)


@pytest.mark.parametrize("length", [0, 1, 9, -1])
def test_a_folder_with_a_torn_manifest_is_not_complete(tmp_path, length):
    folder = tmp_path / "index"
    write_folder(folder, fill)
    whole = (folder / MANIFEST).read_bytes()
    (folder / MANIFEST).write_bytes(whole[:length])
    assert not is_complete(folder)
    (folder / MANIFEST).write_bytes(whole)
    assert is_complete(folder)


@pytest.mark.parametrize(
    "content", [b"[]", b"{}", b"null", b'{"files": 3}', b'{"files": ["a"]}', b"\xff"]
)
def test_a_manifest_that_says_something_else_is_torn_too(tmp_path, content):
    folder = tmp_path / "index"
    write_folder(folder, fill)
    (folder / MANIFEST).write_bytes(content)
    assert not is_complete(folder)
    assert not is_complete(folder / "a.txt")


def test_a_failing_folder_write_keeps_the_old_folder(tmp_path):
    folder = tmp_path / "index"
    write_folder(folder, fill)

    def fail(temporary):
        fill(temporary)
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write_folder(folder, fail)
    assert is_complete(folder)
    assert os.listdir(tmp_path) == ["index"]


def test_sweep_removes_what_killed_writers_left_and_nothing_else(tmp_path):
    ours = [
        temporary_sibling(tmp_path / place)
        for place in ("04_feature/churn/x.json", "06_models/index", ".state/node.json")
    ]
    kept = [
        tmp_path / place
        for place in (
            ".tmp-of-my-editor/thesis.txt",
            "01_raw/.tmp-of-my-editor/thesis.txt",
            "notes/.tmp-1a2b3c4d-x.json",
            ".tmp-1a2b3c4d-x.json",
            "06_models/kept.json",
        )
    ]
    ours[1] /= "part"  # a folder that was being filled
    for path in (*ours, *kept):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("half", encoding="utf-8")
    assert sweep(tmp_path) == 3
    assert [path for path in (*ours, *kept) if path.exists()] == kept


def replaced_until(folder, died_at):
    """Replace a folder in a process that dies before its n-th step in the file system."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    steps = 0

    def dying(step):
        def go(*args, **how):
            nonlocal steps
            steps += 1
            if steps == died_at:
                os._exit(1)
            return step(*args, **how)

        return go

    os.replace, os.unlink, os.rmdir = map(dying, (os.replace, os.unlink, os.rmdir))
    write_folder(folder, fill)
    os._exit(0)


def test_a_folder_that_is_replaced_is_whole_wherever_its_writer_is_killed(tmp_path):
    folder = tmp_path / "06_models" / "served"
    for died_at in range(1, 40):
        write_folder(folder, lambda target: (target / "old.txt").write_text("o", encoding="utf-8"))
        code = replaced_until(folder, died_at)
        sweep(tmp_path)
        assert is_complete(folder), died_at
        assert os.listdir(folder.parent) == ["served"], died_at
        if code == 0:
            break
    assert code == 0 and died_at > 5 and (folder / "a.txt").is_file()


def test_a_failing_replacement_puts_the_old_folder_back(tmp_path, monkeypatch):
    folder, move = tmp_path / "served", os.replace
    write_folder(folder, fill)

    def fail(source, target):
        if "tmp-" in str(source) and target == folder:
            raise OSError("busy")
        move(source, target)

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="busy"):
        write_folder(folder, fill)
    assert is_complete(folder) and os.listdir(tmp_path) == ["served"]


def test_a_folder_is_removed_in_one_step(tmp_path):
    write_folder(tmp_path / "served", fill)
    remove_folder(tmp_path / "served")
    assert os.listdir(tmp_path) == []


WRITER = """
import sys
from pathlib import Path
from churnlens.datasets.atomic import write_file
path, value = Path(sys.argv[1]), 0
while True:
    value += 1
    write_file(path, (str(value % 10) * 2_000_000).encode())
"""


def test_a_killed_writer_never_leaves_a_torn_file(tmp_path):
    path = tmp_path / "x.txt"
    write_file(path, b"0" * 2_000_000)
    for wait in (0.25, 0.31, 0.38, 0.44, 0.5):
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(path)])
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.wait()
        text = path.read_text(encoding="utf-8")
        assert len(text) == 2_000_000
        assert len(set(text)) == 1


@pytest.fixture
def table():
    return pd.DataFrame({"a": [1, 2], "b": ["x", "光纤"]})


@pytest.mark.parametrize("name", ["t.parquet", "t.json"])
def test_wrapping_keeps_what_the_inner_dataset_keeps(tmp_path, table, name):
    inner = "pandas.ParquetDataset" if name.endswith("parquet") else "pandas.JSONDataset"
    dataset = AtomicDataset(filepath=str(tmp_path / name), dataset=inner)
    assert not dataset.exists()
    dataset.save(table)
    assert dataset.exists()
    pd.testing.assert_frame_equal(dataset.load(), table)
    assert "preview" in dir(dataset)


def test_a_missing_file_says_what_to_do(tmp_path):
    dataset = AtomicDataset(filepath=str(tmp_path / "t.parquet"), dataset="pandas.ParquetDataset")
    with pytest.raises(DatasetError, match="run the stage that makes it"):
        dataset.load()


def test_inner_arguments_are_passed_on(tmp_path):
    dataset = AtomicDataset(
        filepath=str(tmp_path / "m.json"),
        dataset={"type": "json.JSONDataset", "save_args": {"indent": 2}},
    )
    dataset.save({"auc": 0.85})
    assert (tmp_path / "m.json").read_text(encoding="utf-8") == json.dumps({"auc": 0.85}, indent=2)


def test_only_an_optional_file_may_be_missing(tmp_path):
    path = str(tmp_path / "truth.json")
    kind = "json.JSONDataset"
    assert AtomicDataset(filepath=path, dataset=kind, optional=True).load() is None
    with pytest.raises(DatasetError, match="run the stage that makes it first"):
        AtomicDataset(filepath=path, dataset=kind).load()
