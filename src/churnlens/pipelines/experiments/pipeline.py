"""Experiments: rows → trainings under declared and proposed settings → which is best."""

from collections.abc import Callable
from typing import Any

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.experiments.nodes import compare_trainings, draw_trials, track_trials
from churnlens.pipelines.experiments.summary_nodes import (
    compare_summary_trainings,
    search_summary_prompts,
)
from churnlens.pipelines.shared import TRAINING

TRAININGS, PROMPTS = "trainings", "prompts"  # tags, to run one of the two


def _trainings(compare: Callable[..., Any]) -> list[Node]:
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


def _churn() -> Pipeline:
    """Return the pipeline; it changes nothing that a run or an answer uses."""
    return Pipeline(_trainings(compare_trainings))


def _summary() -> Pipeline:
    """Return the pipeline: settings of the student, and prompts of a model as it is."""
    return Pipeline(
        [
            *_trainings(compare_summary_trainings),
            Node(
                func=search_summary_prompts,
                inputs={
                    "dialogues": "dialogues",
                    "prompts": "prompts",
                    "model_lock": "model_lock",
                    "model_root": "params:model_root",
                    "store": "prompt_cache",
                    "inference": "params:inference",
                    "options": "params:prompt_search",
                },
                outputs=["prompt_trials", "searched_prompt"],
                name="search_prompts",
                tags=PROMPTS,
            ),
        ]
    )


_OF_TASK = {"churn": _churn, "summary": _summary}


def create_pipeline(task: str) -> Pipeline:
    """Return the stage for a task, without the task's name."""
    return _OF_TASK[task]()
