"""Experiments: rows → trainings under declared and proposed settings → which is best."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.experiments.nodes import compare_trainings, draw_trials, track_trials


def _churn() -> Pipeline:
    """Return the pipeline; it changes nothing that a run or an answer uses."""
    return Pipeline(
        [
            Node(
                func=compare_trainings,
                inputs={
                    "training_rows": "training_rows",
                    "model_lock": "model_lock",
                    "model_root": "params:model_root",
                    "checkpoints": "checkpoints",
                    "store": "trial_cache",
                    "finetuning": "params:finetuning",
                    "options": "params:experiments",
                },
                outputs=["training_trials", "trial_history"],
                name="compare_trainings",
            ),
            Node(
                func=draw_trials,
                inputs=["training_trials", "trial_history"],
                outputs="trial_plot",
                name="draw_trials",
            ),
            Node(
                func=track_trials,
                inputs=["training_trials", "trial_history", "params:experiments"],
                outputs=None,
                name="track_trials",
            ),
        ]
    )


_OF_TASK = {"churn": _churn}


def create_pipeline(task: str) -> Pipeline:
    """Return the stage for a task, without the task's name."""
    return _OF_TASK[task]()
