"""Task satisfaction in stage finetuning."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.finetuning.satisfaction.nodes import (
    fit_turn_scorer,
    learn_reasons,
    tune_desk,
)


def create_pipeline() -> Pipeline:
    """Return the stage: rated dialogues → a scorer of turns, reasons, and tuned alerts."""
    return Pipeline(
        [
            Node(
                func=fit_turn_scorer,
                inputs={
                    "dialogues": "dialogues",
                    "model_lock": "model_lock",
                    "model_root": "params:model_root",
                    "checkpoints": "checkpoints",
                    "options": "params:finetuning",
                },
                outputs=["scorer", "scorer_parts", "scorer_history", "unseen_turns"],
                name="fit_turn_scorer",
            ),
            Node(
                func=learn_reasons,
                inputs=["dialogues", "reason_book", "params:finetuning"],
                outputs="reason_model",
                name="learn_reasons",
            ),
            Node(
                func=tune_desk,
                inputs=["dialogues", "unseen_turns", "alert_phrases", "params:finetuning"],
                outputs=["desk_rules", "alert_tuning"],
                name="tune_desk",
            ),
        ]
    )
