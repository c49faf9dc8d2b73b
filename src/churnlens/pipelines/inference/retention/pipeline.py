"""Task retention in stage inference."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.inference.retention.nodes import join_tasks, list_customers


def create_pipeline() -> Pipeline:
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
