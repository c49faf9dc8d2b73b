"""Stage indexing: which pipeline each task has in it."""

from kedro.pipeline import Pipeline

from churnlens.pipelines.indexing import churn, satisfaction, service

_OF_TASK = {
    "churn": churn.create_pipeline,
    "satisfaction": satisfaction.create_pipeline,
    "service": service.create_pipeline,
}


def create_pipeline(task: str) -> Pipeline:
    """Return the stage for a task, without the task's name."""
    return _OF_TASK[task]()
