"""Which checkpoint counts, told apart on folders with nothing but a state."""

import json

import pytest

from churnlens.models.training.checkpoints import (
    last_complete,
    path_of,
    prune,
    read_state,
    seal,
    why_torn,
)


def make(run, step, best=None, sealed=True):
    path = path_of(run, step)
    path.mkdir()
    state = {"global_step": step, "best_global_step": best or step}
    (path / "trainer_state.json").write_text(json.dumps(state), encoding="utf-8")
    (path / "training_args.bin").write_bytes(b"pickle")
    if sealed:
        seal(path)
    return path


def names(run):
    return sorted(path.name for path in run.iterdir())


def test_a_sealed_checkpoint_is_whole_and_holds_no_pickle(tmp_path):
    path = make(tmp_path, 3)
    assert why_torn(path) == ""
    assert names(path) == ["manifest.json", "trainer_state.json"]
    assert read_state(path)["global_step"] == 3


@pytest.mark.parametrize(
    "manifest", [b"", b'{"files": {"x', b"[]", b"{}", b'{"files": [1]}', b"\xff"]
)
def test_a_torn_manifest_is_no_seal(tmp_path, manifest):
    path = make(tmp_path, 3)
    (path / "manifest.json").write_bytes(manifest)
    assert why_torn(path) == "no whole manifest.json"


def test_a_manifest_that_names_nothing_seals_nothing(tmp_path):
    make(tmp_path, 3)
    (make(tmp_path, 6) / "manifest.json").write_text('{"files": {}}', encoding="utf-8")
    assert last_complete(tmp_path).name == "checkpoint-3"


def test_a_folder_of_another_name_is_no_checkpoint(tmp_path):
    for name in ("checkpoint-old", "checkpoint-", "checkpoint-3.bak", "checkpoint-²"):
        (tmp_path / name).mkdir()
    make(tmp_path, 3)
    assert last_complete(tmp_path).name == "checkpoint-3"
    prune(tmp_path)
    assert (tmp_path / "checkpoint-old").is_dir()


def test_the_newest_is_the_one_of_the_highest_step(tmp_path):
    for step in (9, 10, 100, 20):
        make(tmp_path, step)
    assert last_complete(tmp_path).name == "checkpoint-100"


def test_unsealed_ones_are_passed_over_and_removed(tmp_path, caplog):
    make(tmp_path, 3), make(tmp_path, 6), make(tmp_path, 9, sealed=False)
    assert last_complete(tmp_path).name == "checkpoint-6"
    assert names(tmp_path) == ["checkpoint-3", "checkpoint-6"]
    assert "checkpoint-9 is not resumed from: no whole manifest.json" in caplog.text


def test_a_checkpoint_whose_best_is_torn_does_not_count(tmp_path, caplog):
    best = make(tmp_path, 3)
    make(tmp_path, 6, best=3), make(tmp_path, 9, best=3)
    (best / "trainer_state.json").unlink()
    assert last_complete(tmp_path) is None
    assert "checkpoint-9 is not resumed from: its best checkpoint, checkpoint-3" in caplog.text
    assert names(tmp_path) == []


def test_there_may_be_none(tmp_path):
    assert last_complete(tmp_path) is None


def test_the_two_newest_are_kept_with_their_best(tmp_path):
    for step, best in ((3, 3), (6, 3), (9, 9), (12, 12), (15, 12)):
        make(tmp_path, step, best)
    (tmp_path / "best").mkdir()
    prune(tmp_path)
    assert names(tmp_path) == ["best", "checkpoint-12", "checkpoint-15"]
    make(tmp_path, 18, best=9), make(tmp_path, 9)
    prune(tmp_path)
    assert names(tmp_path) == [
        "best",
        "checkpoint-12",
        "checkpoint-15",
        "checkpoint-18",
        "checkpoint-9",
    ]
