"""Nodes of several tasks: dialogues."""

from kedro.pipeline import Node

from churnlens.pipelines.data_processing.dialogues import prepare_dialogues


def prepared() -> Node:
    """Return the node that redacts, cleans and divides dialogues."""
    return Node(
        func=prepare_dialogues,
        inputs=["raw_dialogues", "params:data_processing", "customer_table", "schema"],
        outputs=["dialogues", "cleaning_counts"],
        name="prepare_dialogues",
    )
