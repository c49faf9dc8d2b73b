"""An experiment trains what it declares, chooses by validation, and goes on where it was."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from pydantic import ValidationError

from churnlens.datasets.shards import ShardStore
from churnlens.options import ExperimentOptions, FinetuningOptions
from churnlens.pipelines.experiments import tracking, trials
from churnlens.pipelines.experiments.churn.nodes import compare_trainings
from churnlens.pipelines.experiments.tracking import TrackingError
from churnlens.pipelines.experiments.trials import draw_trials, track_trials
from pipelines.letters import LOCK

GRID = ({"learning_rate": 1e-3, "epochs": 3.0}, {"learning_rate": 2e-3}, {"learning_rate": 5e-4})
SPACE = {"learning_rate": {"low": 1e-4, "high": 1e-2}, "rank": (8, 16)}
ROWS = {
    split: [
        {"id": f"{split}{n}", "family": f"f{n // 2}", "language": ("en", "zh")[n > 9]}
        for n in range(12)
    ]
    for split in ("training", "validation")
}


def loss_of(options):
    """Least at a rate of 2e-3."""
    return 1 + abs(np.log(options.learning_rate / 2e-3)) + options.rank / 1000


class Trainer:
    """Stands in for trainings; counts them, and can stop before one."""

    def __init__(self):
        self.trained, self.judged, self.stop_at = [], 0, None

    def train(self, training, validation, *, model, options, checkpoints, label):
        if len(self.trained) == self.stop_at:
            raise KeyboardInterrupt
        if options not in self.trained:
            self.trained.append(options)
        loss = loss_of(options)
        card = SimpleNamespace(
            key=lambda: f"{options.learning_rate:g} {options.rank}",
            metrics={"validation_loss": loss, "best_step": 3},
        )
        history = [
            {"step": n, "epoch": n / 2, "split": split, "loss": loss + 1 / (n + 1)}
            for n in range(3)
            for split in ("training", "validation")
        ]
        return SimpleNamespace(folder=options, card=card, history=history)

    def row_losses(self, model, tuned, rows, options):
        self.judged += 1
        assert tuned == options
        return [loss_of(options) + 0.01 * n for n in range(len(rows))]


@pytest.fixture
def trainer(monkeypatch):
    made = Trainer()
    monkeypatch.setattr(trials, "train", made.train)
    monkeypatch.setattr(trials, "row_losses", made.row_losses)
    monkeypatch.setattr(trials, "verify", lambda spec, root: root / spec.name)
    return made


@pytest.fixture
def compare(trainer, tmp_path):
    def run(**options):
        return compare_trainings(
            ROWS,
            LOCK,
            str(tmp_path),
            tmp_path,
            ShardStore(tmp_path / "cache"),
            FinetuningOptions(student="letters", rank=16),
            ExperimentOptions.model_validate({"grid": GRID, **options}),
        )

    return run


def test_the_lowest_validation_loss_is_chosen_and_every_run_has_its_interval(compare):
    report, history = compare()
    json.dumps([report, history])
    assert (report["chosen"], report["chosen_by"]) == ("grid 2", "validation_loss")
    assert [run["name"] for run in report["runs"]] == ["grid 1", "grid 2", "grid 3"]
    assert [run["settings"] for run in report["runs"]] == list(GRID)
    for run in report["runs"]:
        loss = run["loss"]
        assert loss["low"] < loss["value"] < loss["high"] and loss["n"] == 5  # families in English
    assert report["runs"][1]["behind_chosen"] is None
    behind = report["runs"][0]["behind_chosen"]["result"]["difference"]
    assert behind["value"] == pytest.approx(np.log(2)) and behind["low"] > 0
    assert {row["run"] for row in history} == {"grid 1", "grid 2", "grid 3"}


def test_settings_change_the_students_options_and_nothing_else(compare, trainer):
    compare()
    base = FinetuningOptions(student="letters", rank=16)
    for options, settings in zip(trainer.trained, GRID, strict=True):
        assert options.model_dump() == {
            name: settings.get(name, getattr(base, name)) for name in type(options).model_fields
        }


def test_what_was_finished_is_not_done_again(compare, trainer):
    trainer.stop_at = 2
    with pytest.raises(KeyboardInterrupt):
        compare()
    trainer.stop_at = None
    compare()
    assert trainer.judged == len(trainer.trained) == 3


def test_a_search_goes_on_from_the_grid_and_repeats_itself(compare, trainer):
    report, _ = compare(trials=6, space=SPACE)
    names = [run["name"] for run in report["runs"]]
    assert names == ["grid 1", "grid 2", "grid 3", *(f"search {n}" for n in range(1, 7))]
    judged = trainer.judged
    assert compare(trials=6, space=SPACE)[0] == report
    assert trainer.judged == judged


def test_rows_are_those_of_the_student(compare, trainer, monkeypatch):
    seen = []
    whole = trainer.train
    monkeypatch.setattr(
        trials, "train", lambda *rows, **more: seen.append(rows) or whole(*rows, **more)
    )
    compare(max_rows=4, max_validation_rows=2)
    assert [len(split) for split in seen[0]] == [4, 2]
    assert {row["language"] for split in seen[0] for row in split} == {"en"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"grid": [{"learning_rte": 1e-3}]}, "learning_rte"),
        ({"grid": [{"rank": 0}]}, "rank"),
        ({"space": {"depth": (1, 2)}}, "depth"),
        ({"trials": 3}, "without a space"),
        ({"space": {"rank": ()}}, "rank"),
    ],
)
def test_wrong_settings_are_named_when_options_are_read(options, message):
    with pytest.raises(ValidationError, match=message):
        ExperimentOptions.model_validate(options)


def test_settings_that_do_not_go_together_stop_before_any_training(compare, trainer):
    with pytest.raises(ValidationError, match="at most 1e-4"):
        compare(grid=[{"learning_rate": 1e-4}, {"method": "full"}])
    assert trainer.trained == []


def test_the_plot_has_a_line_for_each_run(compare):
    figure = draw_trials(*compare())
    axes = figure.axes[0]
    assert len(axes.lines) == 3
    assert [text.get_text() for text in axes.texts] == ["grid 1", "grid 2", "grid 3"]


def test_runs_are_tracked_only_where_a_store_is_named(compare, monkeypatch):
    monkeypatch.setattr(tracking, "find_spec", lambda name: None)
    track_trials(*compare(), ExperimentOptions())
    with pytest.raises(TrackingError, match=r"pip install -e '.\[track\]'"):
        track_trials(*compare(), ExperimentOptions(tracking_uri="sqlite:///x.db"))


def test_mlflow_has_every_run_inside_one(compare, tmp_path):
    mlflow = pytest.importorskip("mlflow", reason="needs churnlens[track]")
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    report, history = compare()
    outer = tracking.track(report, history, uri)
    runs = mlflow.search_runs(experiment_names=[tracking.EXPERIMENT], output_format="list")
    nested = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == outer]
    assert {run.info.run_name for run in nested} == {"grid 1", "grid 2", "grid 3"}
    for run in nested:
        told = next(each for each in report["runs"] if each["name"] == run.info.run_name)
        assert run.data.metrics["validation_loss_value"] == pytest.approx(told["loss"]["value"])
        assert run.data.params == {k: str(v) for k, v in told["settings"].items()}
