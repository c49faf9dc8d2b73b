"""Stage reporting of task churn."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.inference.pipeline import ANALYST_INPUTS
from churnlens.pipelines.reporting.nodes import (
    describe_table,
    draw_plots,
    evaluate_answers,
    evaluate_questions,
    evaluate_risk,
    write_report,
)

# The same inputs by which answers are made; `options` is this stage's own here.
STORED = {name: entry for name, entry in ANALYST_INPUTS.items() if name != "options"}
METRICS = ("risk_metrics", "question_metrics", "answer_metrics", "redaction_counts", "scorecard")


def create_pipeline() -> Pipeline:
    """Return the stage: judge risk, questions and answers, describe the table, and report."""
    return Pipeline(
        [
            Node(
                func=evaluate_risk,
                inputs=["table", "schema", "risk_folds"],
                outputs="risk_metrics",
                name="evaluate_risk",
            ),
            Node(
                func=evaluate_questions,
                inputs=["bench", "table", "schema", "params:reporting"],
                outputs="question_metrics",
                name="evaluate_questions",
            ),
            Node(
                func=evaluate_answers,
                inputs={
                    "answers": "answers",
                    "bench": "bench",
                    "inference": "params:inference",
                    "options": "params:reporting",
                    **STORED,
                },
                outputs="answer_metrics",
                name="evaluate_answers",
            ),
            Node(
                func=describe_table,
                inputs={
                    "inference": "params:inference",
                    **{name: name for name in ("schema", "table", "feedback", "reasons")},
                },
                outputs="overview",
                name="describe_table",
            ),
            Node(
                func=draw_plots,
                inputs=["overview", "risk_metrics"],
                outputs=["driver_plot", "calibration_plot"],
                name="draw_plots",
            ),
            Node(
                func=write_report,
                inputs={
                    "answers": "answers",
                    "overview": "overview",
                    "schema": "schema",
                    "options": "params:reporting",
                    **{name: name for name in METRICS},
                },
                outputs="report",
                name="write_report",
            ),
        ]
    )
