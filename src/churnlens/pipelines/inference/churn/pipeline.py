"""Task churn in stage inference."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.inference.churn.nodes import answer_questions
from churnlens.pipelines.shared import ANALYST_INPUTS


def create_pipeline() -> Pipeline:
    """Return the stage: everything that was indexed, and questions → answers."""
    return Pipeline(
        [
            Node(
                func=answer_questions,
                inputs={"questions": "questions", **ANALYST_INPUTS},
                outputs="answers",
                name="answer_questions",
            ),
        ]
    )
