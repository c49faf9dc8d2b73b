"""Task churn in stage experiments."""

from kedro.pipeline import Pipeline

from churnlens.pipelines.experiments.churn.nodes import compare_trainings
from churnlens.pipelines.experiments.shared import trainings


def create_pipeline() -> Pipeline:
    """Return the pipeline; it changes nothing that a run or an answer uses."""
    return Pipeline(trainings(compare_trainings))
