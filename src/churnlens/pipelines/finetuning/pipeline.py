"""Stage finetuning: what each task does in it."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.distillation.pipeline import STUDENT
from churnlens.pipelines.finetuning.nodes import fit_risk_models, predict_out_of_fold, train_student


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
                inputs={
                    "training_rows": "training_rows",
                    "model_lock": "model_lock",
                    "model_root": "params:model_root",
                    "checkpoints": "checkpoints",
                    "options": "params:finetuning",
                },
                outputs=["student", "training_history"],
                name="train_student",
                tags=STUDENT,
            ),
        ]
    )


_OF_TASK = {"churn": _churn}


def create_pipeline(task: str) -> Pipeline:
    """Return the stage for a task, without the task's name."""
    return _OF_TASK[task]()
