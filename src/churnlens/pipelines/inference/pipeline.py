"""Stage inference: what each task does in it."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.inference.desk_nodes import assess_dialogues, explain_alerts, find_similar
from churnlens.pipelines.inference.nodes import answer_questions
from churnlens.pipelines.inference.summary_nodes import write_summaries
from churnlens.pipelines.shared import ANALYST_INPUTS, DESK, WRITERS


def _churn() -> Pipeline:
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


def _satisfaction() -> Pipeline:
    """Return the stage: dialogues → scores, alerts, decisions, explanations, similar cases."""
    return Pipeline(
        [
            Node(
                func=assess_dialogues,
                inputs={
                    "dialogues": "dialogues",
                    "action_table": "action_table",
                    "finetuning": "params:finetuning",
                    **DESK,
                },
                outputs=["assessments", "alerts", "decisions"],
                name="assess_dialogues",
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


def _summary() -> Pipeline:
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


_OF_TASK = {"churn": _churn, "satisfaction": _satisfaction, "summary": _summary}


def create_pipeline(task: str) -> Pipeline:
    """Return the stage for a task, without the task's name."""
    return _OF_TASK[task]()
