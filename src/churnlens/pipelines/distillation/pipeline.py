"""Stage distillation: which pipeline each task has in it."""

from kedro.pipeline import Pipeline

from churnlens.pipelines.distillation import churn, summary

_OF_TASK = {
    "churn": churn.create_pipeline,
    "summary": summary.create_pipeline,
}


def create_pipeline(task: str) -> Pipeline:
    """Return the stage for a task, without the task's name."""
    return _OF_TASK[task]()
