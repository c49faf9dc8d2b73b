"""Task summary in stage experiments."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.experiments.shared import trainings
from churnlens.pipelines.experiments.summary.nodes import (
    compare_summary_trainings,
    search_summary_prompts,
)

PROMPTS = "prompts"  # tag, to run the search alone


def create_pipeline() -> Pipeline:
    """Return the pipeline: settings of the student, and prompts of a model as it is."""
    return Pipeline(
        [
            *trainings(compare_summary_trainings),
            Node(
                func=search_summary_prompts,
                inputs={
                    "dialogues": "dialogues",
                    "prompts": "prompts",
                    "model_lock": "model_lock",
                    "model_root": "params:model_root",
                    "store": "prompt_cache",
                    "inference": "params:inference",
                    "options": "params:prompt_search",
                },
                outputs=["prompt_trials", "searched_prompt"],
                name="search_prompts",
                tags=PROMPTS,
            ),
        ]
    )
