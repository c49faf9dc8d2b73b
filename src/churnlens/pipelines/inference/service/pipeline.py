"""Task service in stage inference."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.inference.service.nodes import (
    reply_as_base,
    reply_as_tuned,
    reply_to_cases,
    set_cases,
)
from churnlens.pipelines.shared import ASSISTANT


def create_pipeline() -> Pipeline:
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
