"""Task satisfaction in stage inference."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.inference.satisfaction.nodes import (
    assess_dialogues,
    decide_actions,
    explain_alerts,
    find_similar,
)
from churnlens.pipelines.shared import DESK


def create_pipeline() -> Pipeline:
    """Return the stage: dialogues → scores, alerts, decisions, explanations, similar cases."""
    return Pipeline(
        [
            Node(
                func=assess_dialogues,
                inputs={
                    "dialogues": "dialogues",
                    "finetuning": "params:finetuning",
                    **DESK,
                },
                outputs=["assessments", "alerts"],
                name="assess_dialogues",
            ),
            Node(
                func=decide_actions,
                inputs=[
                    "dialogues",
                    "alerts",
                    "action_table",
                    "desk_facts",
                    "grants",
                    "params:inference",
                ],
                outputs="decisions",
                name="decide_actions",
            ),
            Node(
                func=explain_alerts,
                inputs={
                    "dialogues": "dialogues",
                    "alerts": "alerts",
                    "finetuning": "params:finetuning",
                    "options": "params:inference",
                    **DESK,
                },
                outputs="explanations",
                name="explain_alerts",
            ),
            Node(
                func=find_similar,
                inputs=[
                    "documents",
                    "vector_index",
                    "reason_head",
                    "test_documents",
                    "test_vectors",
                    "params:inference",
                ],
                outputs="similar_cases",
                name="find_similar",
            ),
        ]
    )
