"""Stage inference: what each task does in it."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.inference.nodes import answer_questions

# Argument of `load_analyst` → catalog entry: what every stage that answers needs.
STORED = {
    "schema": "table_schema",
    "table": "table",
    "feedback": "feedback",
    "reasons": "reasons",
    "vectors": "vectors",
    "vector_index": "vector_index",
    "lexical_index": "lexical_index",
    "prompts": "prompts",
    "model_lock": "model_lock",
    "model_root": "params:model_root",
    "indexing": "params:indexing",
}
ANALYST_INPUTS = {**STORED, "student": "served", "options": "params:inference"}


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


_OF_TASK = {"churn": _churn}


def create_pipeline(task: str) -> Pipeline:
    """Return the stage for a task, without the task's name."""
    return _OF_TASK[task]()
