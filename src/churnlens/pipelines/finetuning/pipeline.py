"""Stage finetuning of task churn."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.finetuning.nodes import fit_risk_models, predict_out_of_fold


def create_pipeline() -> Pipeline:
    """Return the stage: table → risk models, and what they say of customers unseen."""
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
        ]
    )
