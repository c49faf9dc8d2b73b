"""Stage finetuning: what each task does in it."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.finetuning.nodes import fit_risk_models, predict_out_of_fold, train_student
from churnlens.pipelines.finetuning.scorer_nodes import fit_turn_scorer, learn_reasons, tune_desk
from churnlens.pipelines.finetuning.service_nodes import train_assistant
from churnlens.pipelines.finetuning.summary_nodes import (
    fit_extractive_writer,
    train_summary_student,
)
from churnlens.pipelines.finetuning.value_nodes import fit_text_regression, fit_value_models
from churnlens.pipelines.shared import STUDENT, TRAINING


def _churn() -> Pipeline:
    """Return the stage: table → risk models and their predictions; rows → a student."""
    return Pipeline(
        [
            Node(
                func=fit_risk_models,
                inputs=["table", "table_schema", "params:finetuning"],
                outputs=["scorecard", "boosting"],
                name="fit_risk_models",
            ),
            Node(
                func=predict_out_of_fold,
                inputs=["table", "table_schema", "scorecard", "params:finetuning"],
                outputs=["risk_folds", "risk"],
                name="predict_out_of_fold",
            ),
            Node(
                func=train_student,
                inputs={**TRAINING, "options": "params:finetuning"},
                outputs=["student", "training_history"],
                name="train_student",
                tags=STUDENT,
            ),
        ]
    )


def _satisfaction() -> Pipeline:
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


def _summary() -> Pipeline:
    """Return the stage: dialogues → what writes summaries without a model; rows → a student."""
    return Pipeline(
        [
            Node(
                func=fit_extractive_writer,
                inputs=["dialogues", "params:finetuning"],
                outputs="extractive",
                name="fit_extractive_writer",
            ),
            Node(
                func=train_summary_student,
                inputs={**TRAINING, "options": "params:finetuning"},
                outputs=["student", "training_history"],
                name="train_student",
                tags=STUDENT,
            ),
        ]
    )


def _clv() -> Pipeline:
    """Return the stage: rows at training cuts → models of value, and a tuned language model."""
    return Pipeline(
        [
            Node(
                func=fit_value_models,
                inputs={
                    "train_rows": "train_rows",
                    "current_rows": "current_rows",
                    "ledger": "ledger",
                    "table_schema": "table_schema",
                    "transaction_report": "transaction_report",
                    "trade": "trade",
                    "checkpoints": "checkpoints",
                    "options": "params:finetuning",
                },
                outputs="value_model",
                name="fit_value_models",
            ),
            Node(
                func=fit_text_regression,
                inputs=[
                    "train_rows",
                    "table_schema",
                    "trade",
                    "model_lock",
                    "params:model_root",
                    "checkpoints",
                    "params:finetuning",
                ],
                outputs=["text_head", "text_parts", "text_history"],
                name="fit_text_regression",
            ),
        ]
    )


def _service() -> Pipeline:
    """Return the stage: rows → a student that puts replies into words."""
    return Pipeline(
        [
            Node(
                func=train_assistant,
                inputs={**TRAINING, "options": "params:finetuning"},
                outputs=["student", "training_history"],
                name="train_assistant",
            ),
        ]
    )


_OF_TASK = {
    "churn": _churn,
    "satisfaction": _satisfaction,
    "summary": _summary,
    "clv": _clv,
    "service": _service,
}


def create_pipeline(task: str) -> Pipeline:
    """Return the stage for a task, without the task's name."""
    return _OF_TASK[task]()
