"""Task summary in stage data_processing."""

from kedro.pipeline import Pipeline

from churnlens.pipelines.data_processing.shared import prepared


def create_pipeline() -> Pipeline:
    """Return the stage: raw → clean dialogues."""
    return Pipeline([prepared()])
