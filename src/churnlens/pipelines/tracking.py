"""Runs in an MLflow store too, for those who compare them there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from subprocess import run as run_command
from typing import Any

EXPERIMENT = "churnlens"


class TrackingError(RuntimeError):
    """Runs that could not be logged; the catalog has them all the same."""


@dataclass(frozen=True)
class Tracked:
    """One training, trial or model.

    Attributes:
        name: among those of one run of a pipeline.
        settings: with which it was made.
        metrics: what it came to.
        tags: what it was made of.
        curves: rows of a metric's name, its value and the step.
    """

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    curves: Sequence[tuple[str, float, int]] = ()


def track(
    title: str, tracked: Sequence[Tracked], tags: Mapping[str, str], tracking_uri: str
) -> str:
    """Log one run that holds a nested one for each training, trial or model.

    Args:
        title: of the outer run.
        tracked: the nested runs.
        tags: of the outer run; the commit of the code is added to all.
        tracking_uri: of the store, such as `sqlite:///mlflow.db`.

    Returns:
        The id of the outer run.

    Raises:
        TrackingError: when MLflow is not installed.
    """
    if find_spec("mlflow") is None:
        raise TrackingError(
            "a tracking_uri needs mlflow; next: pip install -e '.[track]', or leave it out. "
            "All figures are in 08_reporting of the data root"
        )
    import mlflow

    commit = {"git_sha": _commit()}
    mlflow.set_tracking_uri(tracking_uri)
    mlflow.set_experiment(EXPERIMENT)
    with mlflow.start_run(run_name=title) as outer:
        mlflow.set_tags({**tags, **commit})
        for each in tracked:
            with mlflow.start_run(run_name=each.name, nested=True):
                mlflow.log_params(dict(each.settings))
                mlflow.set_tags({**each.tags, **commit})
                mlflow.log_metrics(dict(each.metrics))
                for name, value, step in each.curves:
                    mlflow.log_metric(name, value, step=step)
    return str(outer.info.run_id)


def bounds(name: str, estimate: Mapping[str, Any] | None) -> dict[str, float]:
    """Return an estimate as metrics `NAME_value`, `NAME_low`, `NAME_high`; empty for None."""
    parts = ("value", "low", "high")
    return (
        {f"{name}_{part}": estimate[part] for part in parts if part in estimate} if estimate else {}
    )


def _commit() -> str:
    """Return the commit of the code; `unknown` where it is no checkout."""
    git = which("git")
    if git is None:
        return "unknown"
    words, folder = [git, "rev-parse", "HEAD"], Path(__file__).parent
    done = run_command(words, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip() or "unknown"
