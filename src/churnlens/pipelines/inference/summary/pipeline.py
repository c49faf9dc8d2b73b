"""Task summary in stage inference."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.inference.summary.nodes import write_summaries
from churnlens.pipelines.shared import WRITERS


def create_pipeline() -> Pipeline:
    """Return the stage: dialogues → summaries."""
    return Pipeline(
        [
            Node(
                func=write_summaries,
                inputs={
                    "dialogues": "dialogues",
                    "options": "params:inference",
                    **WRITERS,
                },
                outputs="summaries",
                name="write_summaries",
            ),
        ]
    )
