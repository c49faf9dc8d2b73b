"""Runs of an experiment in an MLflow store, for those who compare them there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from subprocess import run as run_command
from typing import Any

EXPERIMENT = "churnlens"


class TrackingError(RuntimeError):
    """Runs that could not be logged; the catalog has them all the same."""


def track(
    trials: Mapping[str, Any], history: Sequence[Mapping[str, Any]], tracking_uri: str
) -> str:
    """Log an experiment: one run that holds a nested one for each training.

    Args:
        trials: by `describe_runs`.
        history: losses as rows with `run`, `split`, `step` and `loss`.
        tracking_uri: of the store, such as `sqlite:///mlflow.db`.

    Returns:
        The id of the outer run.

    Raises:
        TrackingError: when MLflow is not installed.
    """
    if find_spec("mlflow") is None:
        raise TrackingError(
            "a tracking_uri needs mlflow; next: pip install -e '.[track]', or leave it out. "
            "The runs are in training_trials"
        )
    import mlflow

    mlflow.set_tracking_uri(tracking_uri)
    mlflow.set_experiment(EXPERIMENT)
    with mlflow.start_run(run_name=f"{len(trials['runs'])} trainings") as outer:
        mlflow.set_tags({"chosen": trials["chosen"], "git_sha": _commit()})
        for run in trials["runs"]:
            with mlflow.start_run(run_name=run["name"], nested=True):
                mlflow.log_params(run["settings"])
                mlflow.set_tags(_tags(run))
                for name, value in _losses(run).items():
                    mlflow.log_metric(name, value)
                for row in history:
                    if row["run"] == run["name"]:
                        mlflow.log_metric(f"{row['split']}_loss", row["loss"], step=row["step"])
    return str(outer.info.run_id)


def _losses(run: Mapping[str, Any]) -> dict[str, float]:
    loss = run["loss"] or {}  # None for a training that failed
    parts = ("value", "low", "high")
    return {f"validation_loss_{part}": loss[part] for part in parts if part in loss}


def _tags(run: Mapping[str, Any]) -> dict[str, str]:
    """Return what a run was made of: its data, seed, machine, and the code."""
    plain = ("training", "data_sha256", "seed", "failed")
    named = {name: str(run[name]) for name in plain if run.get(name) is not None}
    machine = {f"environment.{k}": str(v) for k, v in run.get("environment", {}).items()}
    return {**named, **machine, "git_sha": _commit()}


def _commit() -> str:
    """Return the commit of the code; `unknown` where it is no checkout."""
    git = which("git")
    if git is None:
        return "unknown"
    words, folder = [git, "rev-parse", "HEAD"], Path(__file__).parent
    done = run_command(words, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip() or "unknown"
