"""Which settings tune the student best: a declared grid, and a search that goes on from there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from churnlens.engine.shards import Store, content_key
from churnlens.evaluation.intervals import bootstrap
from churnlens.evaluation.paired import compare_arms
from churnlens.models.lock import spec_of
from churnlens.models.training.judging import row_losses
from churnlens.models.training.search import search
from churnlens.models.training.train import Rows, Trained, train
from churnlens.models.weights import verify
from churnlens.options import (
    ExperimentOptions,
    StudentOptions,
    TrainingOptions,
)
from churnlens.pipelines.experiments.tracking import track
from churnlens.pipelines.finetuning.students import choose_rows
from churnlens.pipelines.reporting.plots import plot_trials

METRIC = "validation_loss"


@dataclass(frozen=True)
class Run:
    """One training of an experiment.

    Attributes:
        name: `grid 1`, …, `search 1`, ….
        settings: what differs from the student's options.
        trained: the best model by validation loss.
        losses: of each validation row under that model.
    """

    name: str
    settings: dict[str, Any]
    trained: Trained
    losses: tuple[float, ...]


@dataclass(frozen=True)
class _Bench:
    """What all runs of an experiment have in common."""

    model: Path
    rows: Mapping[str, Rows]
    checkpoints: Path
    store: Store
    base: TrainingOptions

    def options(self, settings: Mapping[str, Any]) -> TrainingOptions:
        """Return the student's options with other settings, validated."""
        return TrainingOptions.model_validate({**self.base.model_dump(), **settings})

    def run(self, name: str, settings: dict[str, Any]) -> Run:
        """Train, or take what the same training came to before."""
        options = self.options(settings)
        trained = train(
            self.rows["training"],
            self.rows["validation"],
            model=self.model,
            options=options,
            checkpoints=self.checkpoints,
            label=f"{name} {_said(settings)}",
        )
        key = content_key("validation losses", trained.card.key())
        kept = self.store.get(key)
        if kept is None:
            losses = row_losses(self.model, trained.folder, self.rows["validation"], options)
            kept = pd.DataFrame({"loss": losses})
            self.store.put(key, kept)
        return Run(name, settings, trained, tuple(kept["loss"].tolist()))


def _said(settings: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{k} {v:g}" if isinstance(v, float) else f"{k} {v}" for k, v in settings.items()
    )


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
    on where it was.

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
        pydantic.ValidationError: before anything is trained, for settings that do not go together.
    """
    spec = spec_of(model_lock, finetuning.student)
    most = {"training": options.max_rows, "validation": options.max_validation_rows}
    bench = _Bench(
        verify(spec, Path(model_root)),
        {s: choose_rows(training_rows.get(s, []), spec.languages, n) for s, n in most.items()},
        checkpoints,
        store,
        TrainingOptions(**finetuning.model_dump(include=set(TrainingOptions.model_fields))),
    )
    for settings in options.grid:
        bench.options(settings)
    runs = [bench.run(f"grid {n}", settings) for n, settings in enumerate(options.grid, 1)]

    def judge(settings: dict[str, Any]) -> float:
        runs.append(bench.run(f"search {len(runs) - len(options.grid) + 1}", settings))
        return float(np.mean(runs[-1].losses))

    if options.trials:
        search(judge, options.space, options.trials, bench.base.seed)
    families = [str(row["family"]) for row in bench.rows["validation"]]
    return describe_runs(runs, families), history_of(runs)


def describe_runs(runs: Sequence[Run], families: Sequence[str]) -> dict[str, Any]:
    """Return the table of an experiment, JSON-able.

    Losses are averaged over the rows of a question family before anything is compared: rows of one
    family are no independent cases.

    Args:
        runs: at least one, on the same validation rows.
        families: of the validation rows, in order.
    """
    owners = np.unique(families, return_inverse=True)[1]
    losses = {run.name: np.array(run.losses) for run in runs}
    means = {name: np.bincount(owners, each) / np.bincount(owners) for name, each in losses.items()}
    chosen = min(means, key=lambda name: float(means[name].mean()))
    pairs = [(run.name, chosen) for run in runs if run.name != chosen]
    scores = {name: {METRIC: each} for name, each in losses.items()}
    against = {row.first: row for row in compare_arms(scores, pairs, [METRIC], families)}
    described = []
    for run in runs:
        row = against.get(run.name)
        described.append(
            {
                "name": run.name,
                "settings": run.settings,
                "loss": bootstrap(np.mean, means[run.name]).model_dump(mode="json"),
                "behind_chosen": row.model_dump(mode="json") if row else None,
                "training": run.trained.card.key(),
                **run.trained.card.metrics,
            }
        )
    return {"chosen_by": METRIC, "chosen": chosen, "runs": described}


def history_of(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Return the losses of all trainings, each row with the name of its run."""
    return [{"run": run.name, **row} for run in runs for row in run.trained.history]


def draw_trials(training_trials: dict[str, Any], trial_history: list[dict[str, Any]]) -> Any:
    """Return a matplotlib figure: the validation losses of all runs, the chosen one in colour."""
    return plot_trials(trial_history, training_trials["chosen"], "en")


def track_trials(
    training_trials: dict[str, Any],
    trial_history: list[dict[str, Any]],
    options: ExperimentOptions,
) -> None:
    """Log the runs to MLflow as runs within one, where a store is named; see `tracking.track`."""
    if options.tracking_uri:
        track(training_trials, trial_history, options.tracking_uri)
