"""Nodes of several tasks: trainings under other settings."""

from collections.abc import Callable
from typing import Any

from kedro.pipeline import Node

from churnlens.pipelines.experiments.trials import draw_trials, track_trials
from churnlens.pipelines.shared import TRAINING

TRAININGS = "trainings"  # tag, to run these alone


def trainings(compare: Callable[..., Any]) -> list[Node]:
    """Return the nodes that train under other settings, and show what came of it."""
    return [
        Node(
            func=compare,
            inputs={
                **TRAINING,
                "store": "trial_cache",
                "finetuning": "params:finetuning",
                "options": "params:experiments",
            },
            outputs=["training_trials", "trial_history"],
            name="compare_trainings",
            tags=TRAININGS,
        ),
        Node(
            func=draw_trials,
            inputs=["training_trials", "trial_history"],
            outputs="trial_plot",
            name="draw_trials",
            tags=TRAININGS,
        ),
        Node(
            func=track_trials,
            inputs=["training_trials", "trial_history", "params:experiments"],
            outputs=None,
            name="track_trials",
            tags=TRAININGS,
        ),
    ]
