"""Which settings tune the student best: a declared grid, and a search that goes on from there."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from churnlens.engine.shards import Store, content_key
from churnlens.evaluation.intervals import bootstrap
from churnlens.evaluation.paired import compare_arms
from churnlens.models.loading import base_sha256
from churnlens.models.lock import spec_of
from churnlens.models.training.callbacks import DivergedError
from churnlens.models.training.card import environment
from churnlens.models.training.faults import TrainingError
from churnlens.models.training.judging import row_losses
from churnlens.models.training.search import search
from churnlens.models.training.train import Rows, Trained, train
from churnlens.models.weights import verify
from churnlens.options import (
    ExperimentOptions,
    StudentOptions,
    TrainingOptions,
)
from churnlens.pipelines.experiments.settings import check_settings, with_settings
from churnlens.pipelines.finetuning.students import sound_rows
from churnlens.pipelines.reporting.plots import plot_trials
from churnlens.pipelines.tracking import Tracked, bounds, track

logger = logging.getLogger(__name__)
METRIC = "validation_loss"
_STORAGE = "search.db"  # what Optuna knows, so that a stopped search goes on


@dataclass(frozen=True)
class Run:
    """One training of an experiment.

    Attributes:
        name: `grid 1`, …, `search 1`, ….
        settings: what differs from the student's options.
        options: with which it was trained.
        trained: the best model by validation loss; None for a training that failed.
        losses: of each validation row under that model.
        failed: why there is none.
    """

    name: str
    settings: dict[str, Any]
    options: TrainingOptions
    trained: Trained | None = None
    losses: tuple[float, ...] = ()
    failed: str | None = None


@dataclass(frozen=True)
class _Bench:
    """What all runs of an experiment have in common."""

    model: Path
    rows: Mapping[str, Rows]
    checkpoints: Path
    store: Store
    base: TrainingOptions

    def run(self, name: str, settings: dict[str, Any]) -> Run:
        """Train, or take what the same training came to before; a diverged one has failed."""
        options = with_settings(self.base, settings)
        try:
            trained = self._train(f"{name} {_said(settings)}", options)
        except DivergedError as error:
            logger.warning("%s failed: %s", name, error)
            return Run(name, settings, options, failed=str(error))
        key = content_key("validation losses", trained.card.key())
        kept = self.store.get(key)
        if kept is None:
            losses = row_losses(self.model, trained.folder, self.rows["validation"], options)
            kept = pd.DataFrame({"loss": losses})
            self.store.put(key, kept)
        return Run(name, settings, options, trained, tuple(kept["loss"].tolist()))

    def _train(self, label: str, options: TrainingOptions) -> Trained:
        return train(
            self.rows["training"],
            self.rows["validation"],
            model=self.model,
            options=options,
            checkpoints=self.checkpoints,
            label=label,
        )

    def key(self, options: ExperimentOptions) -> str:
        """Return what names a search: weights, code and libraries, rows, base and space."""
        space = options.model_dump(mode="json", include={"space"})
        made_with = [base_sha256(self.model), environment()]
        return content_key(made_with, self.rows, self.base.model_dump(mode="json"), space)


def _said(settings: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{k} {v:g}" if isinstance(v, float) else f"{k} {v}" for k, v in settings.items()
    )


def _legend(settings: Mapping[str, Any]) -> str:
    """Return settings as a legend has them: `lora, 6 epochs, 0.001`."""
    shapes = {"method": "{}", "epochs": "{:g} epochs", "learning_rate": "{:g}"}
    plain = {name: shapes.get(name, f"{name} {{}}").format(v) for name, v in settings.items()}
    first = [plain.pop(name) for name in shapes if name in plain]
    return ", ".join([*first, *plain.values()])


def try_settings(
    training_rows: dict[str, list[dict[str, Any]]],
    model_lock: dict[str, Any],
    model_root: str,
    checkpoints: Path,
    store: Store,
    finetuning: StudentOptions,
    options: ExperimentOptions,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Train under each setting of the grid, then under those that the search proposes.

    Every training resumes by itself, and a finished one returns at once: a stopped experiment goes
    on where it was. One that diverges is a row without figures, and the others go on.

    Args:
        training_rows: rows of messages by split; the test questions are never looked at.
        model_lock: names the base model.
        model_root: where fetched models are.
        checkpoints: folder from which a stopped training goes on.
        store: of the losses of finished runs.
        finetuning: the student's options, which every run starts from.
        options: see `ExperimentOptions`.

    Returns:
        The table of the runs, chosen by mean validation loss; and their losses as rows with `run`.

    Raises:
        OptionsError: before anything is trained, for settings that do not go together.
        DatasetError, TrainingError: before anything is trained, see `students.sound_rows`; and
            TrainingError when every run failed.
    """
    spec = spec_of(model_lock, finetuning.student)
    base = TrainingOptions(**finetuning.model_dump(include=set(TrainingOptions.model_fields)))
    shortest = min(check_settings(base, options), key=lambda each: each.max_length)
    model = verify(spec, Path(model_root))
    most = {"training": options.max_rows, "validation": options.max_validation_rows}
    rows = sound_rows(training_rows, spec, model, shortest, most)
    runs = _all_runs(_Bench(model, rows, checkpoints, store, base), options)
    families = [str(row.get("family") or row["id"]) for row in rows["validation"]]
    return describe_runs(runs, families), history_of(runs)


def _all_runs(bench: _Bench, options: ExperimentOptions) -> list[Run]:
    """Train what the grid declares, then what the search proposes."""
    runs = [bench.run(f"grid {n}", settings) for n, settings in enumerate(options.grid, 1)]

    if options.trials:
        runs += _searched(bench, options)
    return runs


def _searched(bench: _Bench, options: ExperimentOptions) -> list[Run]:
    """Train what the search proposes; a search that was stopped goes on."""
    done: dict[str, Run] = {}

    def judge(settings: dict[str, Any]) -> float | None:
        run = done[str(settings)] = bench.run("search", settings)
        return None if run.failed else float(np.mean(run.losses))

    storage = (bench.checkpoints / _STORAGE, bench.key(options))
    proposed = search(judge, options.space, options.trials, bench.base.seed, storage)
    runs = [done.get(str(settings)) or bench.run("search", settings) for settings, _ in proposed]
    return [replace(run, name=f"search {number}") for number, run in enumerate(runs, 1)]


def describe_runs(runs: Sequence[Run], families: Sequence[str]) -> dict[str, Any]:
    """Return the table of an experiment, JSON-able.

    Losses are averaged over the rows of a question family before anything is compared: rows of one
    family are no independent cases.

    Args:
        runs: on the same validation rows; those that failed have no figures.
        families: of the validation rows, in order.

    Raises:
        TrainingError: when all of them failed.
    """
    owners = np.unique(families, return_inverse=True)[1]
    losses = {run.name: np.array(run.losses) for run in runs if not run.failed}
    if not losses:
        raise TrainingError(f"every run failed, the last so: {runs[-1].failed}")
    means = {name: np.bincount(owners, each) / np.bincount(owners) for name, each in losses.items()}
    chosen = min(means, key=lambda name: float(means[name].mean()))
    pairs = [(name, chosen) for name in losses if name != chosen]
    scores = {name: {METRIC: each} for name, each in losses.items()}
    against = {row.first: row for row in compare_arms(scores, pairs, [METRIC], families)}
    described = []
    for run in runs:
        row, mean = against.get(run.name), means.get(run.name)
        described.append(
            {
                "name": run.name,
                "settings": run.settings,
                "seed": run.options.seed,
                "failed": run.failed,
                "loss": None if mean is None else bootstrap(np.mean, mean).model_dump(mode="json"),
                "behind_chosen": row.model_dump(mode="json") if row else None,
                **_origin(run),
            }
        )
    return {"chosen_by": METRIC, "chosen": chosen, "runs": described}


def _origin(run: Run) -> dict[str, Any]:
    """Return what a training was made of, and how it went."""
    if run.trained is None:
        return {"training": None}
    card = run.trained.card
    made = {"data_sha256": card.data_sha256, "environment": card.environment}
    return {"training": card.key(), **made, **card.metrics}


def history_of(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Return the losses of all trainings, each row with the name of its run."""
    return [{"run": run.name, **row} for run in runs if run.trained for row in run.trained.history]


def draw_trials(training_trials: dict[str, Any], trial_history: list[dict[str, Any]]) -> Any:
    """Return a matplotlib figure: the validation losses of all runs, the chosen one in colour."""
    said = {
        run["name"]: f"{run['name'].removeprefix('grid ')}: {_legend(run['settings'])}"
        for run in training_trials["runs"]
    }
    return plot_trials(trial_history, training_trials["chosen"], said, "en")


def track_trials(
    training_trials: dict[str, Any],
    trial_history: list[dict[str, Any]],
    options: ExperimentOptions,
) -> None:
    """Log the runs to MLflow as runs within one, where a store is named; see `tracking.track`."""
    if options.tracking_uri:
        runs = tracked_trainings(training_trials, trial_history)
        tags = {"chosen": training_trials["chosen"]}
        track(f"{len(runs)} trainings", runs, tags, options.tracking_uri)


def tracked_trainings(
    training_trials: Mapping[str, Any], trial_history: Sequence[Mapping[str, Any]]
) -> list[Tracked]:
    """Return every training with its losses, and what it was made of: data, seed, machine.

    Args:
        training_trials: by `describe_runs`.
        trial_history: by `history_of`.
    """
    plain = ("training", "data_sha256", "seed", "failed")
    found = []
    for run in training_trials["runs"]:
        tags = {name: str(run[name]) for name in plain if run.get(name) is not None}
        tags |= {f"environment.{k}": str(v) for k, v in run.get("environment", {}).items()}
        curves = [
            (f"{row['split']}_loss", row["loss"], row["step"])
            for row in trial_history
            if row["run"] == run["name"]
        ]
        losses = bounds(METRIC, run["loss"])
        found.append(Tracked(run["name"], run["settings"], losses, tags, curves))
    return found
