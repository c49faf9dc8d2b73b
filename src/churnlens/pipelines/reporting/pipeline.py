"""Stage reporting: which pipeline each task has in it."""

from kedro.pipeline import Pipeline

from churnlens.pipelines.reporting import churn, clv, retention, satisfaction, service, summary

_OF_TASK = {
    "churn": churn.create_pipeline,
    "clv": clv.create_pipeline,
    "retention": retention.create_pipeline,
    "satisfaction": satisfaction.create_pipeline,
    "service": service.create_pipeline,
    "summary": summary.create_pipeline,
}


def create_pipeline(task: str) -> Pipeline:
    """Return the stage for a task, without the task's name."""
    return _OF_TASK[task]()
