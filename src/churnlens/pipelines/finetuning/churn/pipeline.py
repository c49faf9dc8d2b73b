"""Task churn in stage finetuning."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.finetuning.churn.nodes import (
    fit_risk_models,
    predict_out_of_fold,
    train_student,
)
from churnlens.pipelines.shared import STUDENT, TRAINING


def create_pipeline() -> Pipeline:
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
