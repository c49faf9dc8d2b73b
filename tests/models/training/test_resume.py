"""A training that is stopped anywhere ends as if it had not been."""

import logging
import shutil
import signal

import pytest
import torch
from safetensors.torch import load_file

from churnlens.models.training.train import train
from models.training.killed import run_and_kill
from models.training.samples import OPTIONS, TRAINING, VALIDATION

# Checkpoints are written after the steps 3, 6, 9 and 12. Every moment follows on the one before.
MOMENTS = [
    ("step", 2),  # nothing is saved yet
    ("save", 3),  # in the middle of the first checkpoint
    ("seal", 1),  # all its files are there, but it is not sealed
    ("prune", 1),  # it is
    ("step", 2),  # two steps behind it
    ("save", 2),  # the second checkpoint, and so on
    ("seal", 1),
    ("prune", 1),
    ("seal", 1),
    ("prune", 1),
    ("seal", 1),
    ("prune", 1),  # the last one is sealed, and the training is over
    ("write_folder", 1),
]


def run(model, folder):
    return train(TRAINING, VALIDATION, model=model, options=OPTIONS, checkpoints=folder)


@pytest.fixture(scope="module")
def unbroken(tiny_lm, tmp_path_factory):
    return run(tiny_lm, tmp_path_factory.mktemp("unbroken"))


def assert_same(got, expected):
    assert len(got.history) == len(expected.history)
    for mine, theirs in zip(got.history, expected.history, strict=True):
        assert (mine["step"], mine["split"]) == (theirs["step"], theirs["split"])
        assert mine["loss"] == pytest.approx(theirs["loss"], abs=1e-5)
    weights, wanted = (
        load_file(each.folder / "adapter_model.safetensors") for each in (got, expected)
    )
    for name, tensor in wanted.items():
        assert torch.allclose(weights[name], tensor, atol=1e-5), name
    assert got.card.metrics == pytest.approx(expected.card.metrics, abs=1e-5)


def test_killed_at_every_checkpoint_in_every_way(tiny_lm, tmp_path, unbroken):
    for moment in MOMENTS:
        assert run_and_kill(tiny_lm, tmp_path, moment) == -signal.SIGKILL, moment
    assert_same(run(tiny_lm, tmp_path), unbroken)


FILES = [
    "README.md",
    "adapter_config.json",
    "adapter_model.safetensors",
    "manifest.json",
    "optimizer.pt",
    "rng_state.pth",
    "scheduler.pt",
    "trainer_state.json",
]


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


DAMAGE = {"cut": cut, "missing": lambda path: path.unlink()}


@pytest.mark.parametrize("damage", ["cut", "missing"])
@pytest.mark.parametrize("name", FILES)
def test_a_torn_newest_checkpoint_is_named_and_the_one_before_is_taken(
    tiny_lm, tmp_path, unbroken, caplog, name, damage
):
    folder = tmp_path / unbroken.folder.parent.name
    shutil.copytree(unbroken.folder.parent, folder)
    assert sorted(p.name for p in (folder / "checkpoint-12").iterdir()) == FILES
    DAMAGE[damage](folder / "checkpoint-12" / name)
    with caplog.at_level(logging.INFO, logger="churnlens"):
        again = run(tiny_lm, tmp_path)
    assert (
        f"checkpoint-12 is not resumed from: {'no whole ' if name == 'manifest.json' else ''}{name}"
        in caplog.text
    )
    assert "goes on from checkpoint-9" in caplog.text
    assert_same(again, unbroken)


def test_a_single_flipped_bit_is_seen(tiny_lm, tmp_path, unbroken, caplog):
    folder = tmp_path / unbroken.folder.parent.name
    shutil.copytree(unbroken.folder.parent, folder)
    flip(folder / "checkpoint-12" / "optimizer.pt")
    assert_same(run(tiny_lm, tmp_path), unbroken)
    assert "checkpoint-12 is not resumed from: optimizer.pt" in caplog.text


def test_with_no_whole_checkpoint_training_starts_again(tiny_lm, tmp_path, unbroken, caplog):
    folder = tmp_path / unbroken.folder.parent.name
    shutil.copytree(unbroken.folder.parent, folder)
    for path in folder.glob("checkpoint-*/trainer_state.json"):
        cut(path)
    with caplog.at_level(logging.INFO, logger="churnlens"):
        assert_same(run(tiny_lm, tmp_path), unbroken)
    assert "train: starts" in caplog.text
