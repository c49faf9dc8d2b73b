"""Ray workers beside this process: the same bytes, all rows, also when a worker is lost."""

import pickle
import signal
import sys

import numpy as np
import pandas as pd
import pytest

from churnlens.cli.predictors import OpenedThere
from churnlens.datasets.shards import ShardStore
from churnlens.engine.shards import map_rows, map_shards
from churnlens.engine.workers import (
    MissingExtraError,
    NoRoomError,
    compute,
    room,
    spare_workers,
)
from churnlens.options import EngineOptions
from churnlens.tasks.batch import Row, predict_rows

RAY = EngineOptions(kind="ray", workers=2)
NUMBERS = list(range(4_000))


def make_work(marker=None, weight=0):
    """Return work over numbers; the first worker that meets 1,234 kills itself if it has a marker.

    `weight` in bytes is what a fitted model inside the work would have.
    """
    carried = np.zeros(weight, np.uint8)

    def work(items):
        import os
        import signal

        assert len(carried) == weight

        if marker is not None and 1_234 in items and not marker.exists():
            marker.write_text("killed")
            os.kill(os.getpid(), signal.SIGKILL)
        roots = np.sqrt(np.asarray(items, np.float64))
        return pd.DataFrame({"root": roots, "process": os.getpid()})

    return work


def files(folder):
    """Name → content of every shard, but for which process made it."""
    frames = {path.name: pd.read_parquet(path) for path in folder.iterdir()}
    return {name: frame.drop(columns="process").to_csv() for name, frame in frames.items()}


@pytest.mark.parametrize("weight", [0, 5_000_000])  # Ray keeps heavy arguments elsewhere
def test_a_lost_worker_costs_no_row_and_no_byte(cluster, tmp_path, weight):
    frames = {}
    for name, engine in (("local", EngineOptions()), ("ray", RAY)):
        store = ShardStore(tmp_path / name)
        marker = tmp_path / "killed" if name == "ray" else None
        frames[name] = map_shards(
            make_work(marker, weight),
            NUMBERS,
            store=store,
            recipe=["m"],
            size=250,
            label="r",
            engine=engine,
        )
    assert (tmp_path / "killed").exists()
    assert frames["ray"]["process"].nunique() >= 2
    pd.testing.assert_series_equal(frames["ray"]["root"], frames["local"]["root"], check_exact=True)
    assert len(frames["ray"]) == len(NUMBERS)
    assert files(tmp_path / "ray") == files(tmp_path / "local")


def test_finished_shards_are_not_sent_again(cluster, tmp_path):
    store = ShardStore(tmp_path)
    first = map_rows(
        make_work(), NUMBERS[:500], store=store, recipe=["m"], size=250, label="r", engine=RAY
    )
    again = map_rows(
        make_work(), NUMBERS[:501], store=store, recipe=["m"], size=250, label="r", engine=RAY
    )
    pd.testing.assert_frame_equal(again[:500], first)
    assert again["process"][500] not in set(first["process"])
    assert len(list(tmp_path.iterdir())) == 3


def test_rows_are_predicted_and_a_bad_one_is_an_error(cluster, tmp_path):
    def predict(given):
        if 7 in given:
            raise ValueError("no seven")
        return [{"double": 2 * each} for each in given]

    rows = [Row(id=number, given=number) for number in range(20)]
    told = [
        predict_rows(rows, predict, ShardStore(tmp_path / name), ["m"], 4, engine)
        for name, engine in (("local", EngineOptions()), ("ray", RAY))
    ]
    assert told[0] == told[1]
    assert told[1][7] == {"id": 7, "error": "ValueError: no seven"}
    assert told[1][8] == {"id": 8, "double": 16}


def test_an_error_of_the_work_stops_the_job(cluster):
    def work(items):
        raise KeyError("broken")

    with pytest.raises(KeyError, match="broken"):
        list(compute(work, [(0, [1])], RAY))


def test_more_workers_than_places_do_not_wait_for_ever(cluster):
    """Three places, six workers, who hold their places as long as they live."""
    asked = RAY.model_copy(update={"workers": 6})
    shards = [(number, [number]) for number in range(8)]
    signal.signal(signal.SIGALRM, lambda *_: pytest.fail("the workers wait for one another"))
    signal.alarm(120)
    try:
        done = dict(compute(make_work(), shards, asked))
    finally:
        signal.alarm(0)
    assert sorted(done) == list(range(8))


@pytest.mark.parametrize(
    ("cpus", "gpus", "options", "workers"),
    [
        (8, 0, {}, 7),
        (64, 4, {"cpus": 2, "gpus": 1}, 4),
        (64, 4, {"gpus": 0.5}, 8),
        (5, 0, {"cpus": 2}, 2),
        (1, 0, {}, 1),
    ],
)
def test_a_cluster_has_room_for_a_worker_each_and_a_cpu_to_spare(cpus, gpus, options, workers):
    assert room({"CPU": cpus, "GPU": gpus}, EngineOptions(kind="ray", **options)) == workers


def test_a_cluster_without_room_is_told_and_not_waited_for():
    with pytest.raises(NoRoomError, match=r"1 CPUs and 1 GPUs, the cluster has 3 and 0; next"):
        room({"CPU": 3.0}, EngineOptions(kind="ray", gpus=1))


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'churnlens\[scale\]'"):
        list(compute(len, [(0, [1])], RAY))


def test_one_cpu_is_left_to_the_system(monkeypatch):
    for cpus, workers in ((8, 7), (2, 1), (1, 1), (None, 1)):
        monkeypatch.setattr("os.cpu_count", lambda cpus=cpus: cpus)
        assert spare_workers() == workers


def test_what_a_worker_opens_travels_unopened(project):
    there = OpenedThere("churn", project, None, {"data_root": "data"})
    assert pickle.loads(pickle.dumps(there)) == there
