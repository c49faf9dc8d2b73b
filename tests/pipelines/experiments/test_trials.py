"""An experiment trains what it declares, chooses by validation, and goes on where it was."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from churnlens.datasets.shards import ShardStore
from churnlens.models.training.callbacks import DivergedError
from churnlens.models.training.faults import TrainingError
from churnlens.options import ExperimentOptions, FinetuningOptions, OptionsError
from churnlens.pipelines import tracking
from churnlens.pipelines.experiments import trials
from churnlens.pipelines.experiments.churn.nodes import compare_trainings
from churnlens.pipelines.experiments.trials import draw_trials, track_trials
from churnlens.pipelines.finetuning import students
from churnlens.pipelines.tracking import TrackingError
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
        self.trained, self.judged, self.stop_at, self.diverges_at = [], 0, None, None

    def train(self, training, validation, *, model, options, checkpoints, label):
        if len(self.trained) == self.stop_at:
            raise KeyboardInterrupt
        if options not in self.trained:
            self.trained.append(options)
        loss = loss_of(options)
        if options.learning_rate == self.diverges_at:
            raise DivergedError(f"{label}: got no number")
        card = SimpleNamespace(
            data_sha256="d1",
            environment={"torch": "2"},
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
    monkeypatch.setattr(students, "check_rows", lambda *given: None)
    monkeypatch.setattr(trials, "verify", lambda spec, root: root / spec.name)
    return made


@pytest.fixture
def compare(trainer, tmp_path):
    def run(finetuning=None, **options):
        return compare_trainings(
            ROWS,
            LOCK,
            str(tmp_path),
            tmp_path,
            ShardStore(tmp_path / "cache"),
            finetuning or FinetuningOptions(student="letters", rank=16),
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
        ({"space": {"depth": (1, 2)}}, "depth"),
        ({"trials": 3}, "without a space"),
        ({"space": {"rank": {"low": 8, "high": 1}}}, "space.rank.*got 1, expected more than low"),
        ({"grid": [{"rnak": 1}], "space": {"depht": (1,)}}, "rnak: write rank(.|\\n)*depht"),
        ({"space": {"rank": ()}}, "rank"),
    ],
)
def test_wrong_settings_are_named_when_options_are_read(options, message):
    with pytest.raises(OptionsError, match=message):
        ExperimentOptions.model_validate(options)


def test_settings_that_do_not_go_together_stop_before_any_training(compare, trainer):
    wrong = [{"learning_rate": 1e-4}, {"method": "full"}, {"rank": 0}, {"method": "qlora"}]
    with pytest.raises(OptionsError) as caught:
        compare(grid=wrong)
    for part in (
        "grid 2: learning_rate: got 0.0002, which is for adapters",
        "grid 3: rank: got 0",
        "grid 4: method qlora needs a GPU",
    ):
        assert part in str(caught.value)
    assert trainer.trained == []


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ({"rank": [0, 8]}, "space: rank: got 0"),
        ({"rank": {"low": 0.1, "high": 8}}, "space: rank: got 0.1, expected integer"),
        ({"method": ["lora", "full"], "learning_rate": [5e-4]}, "expected at most 0.0001"),
        ({"method": {"low": 1, "high": 2}}, "space: method: got"),
        ({name: list(range(1, 12)) for name in ("rank", "alpha", "epochs", "seed")}, "10000"),
    ],
)
def test_a_space_is_checked_before_any_training(compare, trainer, space, message):
    with pytest.raises(OptionsError, match=message):
        compare(trials=2, space=space)
    assert trainer.trained == []
    assert len(compare(space=space)[0]["runs"]) == 3  # without trials it is not used


def test_an_experiment_without_runs_is_refused(compare):
    with pytest.raises(OptionsError, match="no grid and no trials"):
        compare(grid=[])


def test_settings_are_held_against_the_students_own(compare):
    """At the student's rate full tuning is right, though not at the default rate."""
    with_rate = FinetuningOptions(student="letters", learning_rate=5e-5)
    report, _ = compare(with_rate, grid=[{"method": "full"}])
    assert report["chosen"] == "grid 1"


def test_a_run_that_diverges_is_a_row_and_the_others_go_on(compare, trainer):
    trainer.diverges_at = 1e-3
    report, history = compare()
    first, *others = report["runs"]
    assert "got no number" in first["failed"] and first["loss"] is first["training"] is None
    assert [run["failed"] for run in others] == [None, None] and report["chosen"] == "grid 2"
    assert {row["run"] for row in history} == {"grid 2", "grid 3"}
    json.dumps([report, history])
    assert len(draw_trials(report, history).axes[0].lines) == 2
    with pytest.raises(TrainingError, match="every run failed"):
        compare(grid=GRID[:1])


def test_a_search_passes_over_what_diverges(compare, trainer):
    trainer.diverges_at = 5e-4
    report, _ = compare(grid=[], trials=4, space={"learning_rate": (5e-4, 1e-3)})
    assert len(report["runs"]) == 4 and any(run["failed"] for run in report["runs"])


def test_a_search_that_was_stopped_goes_on_with_the_same_proposals(compare, trainer, tmp_path):
    whole, _ = compare(grid=[], trials=5, space=SPACE)
    for stop_at in (1, 4):
        (tmp_path / "search.db").unlink()
        trainer.trained, trainer.stop_at = [], stop_at
        with pytest.raises(KeyboardInterrupt):
            compare(grid=[], trials=5, space=SPACE)
        trainer.stop_at = None
        assert compare(grid=[], trials=5, space=SPACE)[0] == whole


def test_a_search_knows_nothing_of_other_weights_code_or_libraries(compare, tmp_path, monkeypatch):
    import optuna

    def studies():
        compare(grid=[], trials=1, space=SPACE)
        return len(optuna.get_all_study_names(f"sqlite:///{tmp_path / 'search.db'}"))

    assert (studies(), studies()) == (1, 1)
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "config.json").write_text("{}")
    assert studies() == 2
    monkeypatch.setattr(trials, "environment", lambda: {"torch": "3"})
    assert studies() == 3


def test_a_whole_number_is_searched_in_whole_numbers(compare):
    report, _ = compare(grid=[], trials=5, space={"rank": {"low": 4, "high": 64}})
    ranks = [run["settings"]["rank"] for run in report["runs"]]
    assert all(isinstance(rank, int) and 4 <= rank <= 64 for rank in ranks)


def test_the_plot_has_a_line_for_each_run(compare):
    figure = draw_trials(*compare())
    axes = figure.axes[0]
    assert [line.get_label() for line in axes.lines] == [
        "1: 3 epochs, 0.001",
        "2: 0.002",
        "3: 0.0005",
    ]
    assert axes.get_yscale() == "log" and not axes.texts
    looks = {(line.get_marker(), line.get_linestyle()) for line in axes.lines}
    colours = [line.get_color() for line in axes.lines]
    assert len(looks) == 3 and colours[0] == colours[2] != colours[1]


def test_runs_are_tracked_only_where_a_store_is_named(compare, monkeypatch):
    monkeypatch.setattr(tracking, "find_spec", lambda name: None)
    track_trials(*compare(), ExperimentOptions())
    with pytest.raises(TrackingError, match=r"pip install -e '.\[track\]'"):
        track_trials(*compare(), ExperimentOptions(tracking_uri="sqlite:///x.db"))


def test_mlflow_has_every_run_inside_one(compare, tmp_path):
    mlflow = pytest.importorskip("mlflow", reason="needs churnlens[track]")
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    report, history = compare()
    track_trials(report, history, ExperimentOptions(tracking_uri=uri))
    runs = mlflow.search_runs(experiment_names=[tracking.EXPERIMENT], output_format="list")
    (outer,) = (run for run in runs if "mlflow.parentRunId" not in run.data.tags)
    nested = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == outer.info.run_id]
    assert outer.data.tags["chosen"] == report["chosen"]
    assert {run.info.run_name for run in nested} == {"grid 1", "grid 2", "grid 3"}
    for run in nested:
        told = next(each for each in report["runs"] if each["name"] == run.info.run_name)
        assert run.data.metrics["validation_loss_value"] == pytest.approx(told["loss"]["value"])
        tags = run.data.tags
        assert (tags["data_sha256"], tags["seed"], tags["environment.torch"]) == ("d1", "7", "2")
        assert len(tags["git_sha"]) in (7, 40)
        assert run.data.params == {k: str(v) for k, v in told["settings"].items()}
