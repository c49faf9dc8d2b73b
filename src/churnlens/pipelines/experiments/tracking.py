"""Runs of an experiment in an MLflow store, for those who compare them there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
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
        mlflow.set_tag("chosen", trials["chosen"])
        for run in trials["runs"]:
            with mlflow.start_run(run_name=run["name"], nested=True):
                mlflow.log_params(run["settings"])
                mlflow.set_tag("training", run["training"])
                for name in ("value", "low", "high"):
                    mlflow.log_metric(f"validation_loss_{name}", run["loss"][name])
                for row in history:
                    if row["run"] == run["name"]:
                        mlflow.log_metric(f"{row['split']}_loss", row["loss"], step=row["step"])
    return str(outer.info.run_id)
