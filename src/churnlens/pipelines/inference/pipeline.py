"""Stage inference: what each task does in it."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.inference.desk_nodes import assess_dialogues, explain_alerts, find_similar
from churnlens.pipelines.inference.nodes import answer_questions
from churnlens.pipelines.inference.retention_nodes import join_tasks, list_customers
from churnlens.pipelines.inference.service_nodes import (
    reply_as_base,
    reply_as_tuned,
    reply_to_cases,
    set_cases,
)
from churnlens.pipelines.inference.summary_nodes import write_summaries
from churnlens.pipelines.inference.value_nodes import value_everybody
from churnlens.pipelines.shared import ANALYST_INPUTS, ASSISTANT, DESK, WRITERS


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


def _clv() -> Pipeline:
    """Return the stage: models → value, segment and rank of every customer."""
    return Pipeline(
        [
            Node(
                func=value_everybody,
                inputs={
                    "value_model": "value_model",
                    "current_rows": "current_rows",
                    "ledger": "ledger",
                },
                outputs="values",
                name="value_everybody",
            ),
        ]
    )


def _retention() -> Pipeline:
    """Return the stage: what all tasks say of each customer → the list of whom to keep."""
    return Pipeline(
        [
            Node(
                func=join_tasks,
                inputs=[
                    "values",
                    "known_risk",
                    "known_schema",
                    "known_reasons",
                    "known_dialogues",
                    "known_assessments",
                    "offers",
                ],
                outputs=["joined", "sources"],
                name="join_tasks",
            ),
            Node(
                func=list_customers,
                inputs=["joined", "retention_rules", "trade", "params:inference"],
                outputs=["actions", "actions_csv"],
                name="list_customers",
            ),
        ]
    )


def _service() -> Pipeline:
    """Return the stage: cases → replies of the assistant, of the floor, and of every arm."""
    arms = {
        "cases": "cases",
        "replies": "replies",
        "service_book": "raw_service_book",
        "prompts": "prompts",
        "model_lock": "model_lock",
        "model_root": "params:model_root",
        "store": "arm_cache",
        "finetuning": "params:finetuning",
        "options": "params:inference",
    }
    return Pipeline(
        [
            Node(
                func=set_cases,
                inputs=["raw_service_bench", "raw_service_book", "params:inference"],
                outputs="cases",
                name="set_cases",
            ),
            Node(
                func=reply_to_cases,
                inputs={
                    "cases": "cases",
                    "finetuning": "params:finetuning",
                    "options": "params:inference",
                    **ASSISTANT,
                },
                outputs=["replies", "arm_floor"],
                name="reply_to_cases",
            ),
            Node(func=reply_as_base, inputs=arms, outputs="arm_base", name="reply_as_base"),
            Node(
                func=reply_as_tuned,
                inputs={**arms, "student": "student"},
                outputs="arm_tuned",
                name="reply_as_tuned",
            ),
        ]
    )


_OF_TASK = {
    "churn": _churn,
    "satisfaction": _satisfaction,
    "summary": _summary,
    "clv": _clv,
    "retention": _retention,
    "service": _service,
}


def create_pipeline(task: str) -> Pipeline:
    """Return the stage for a task, without the task's name."""
    return _OF_TASK[task]()
