"""Stage reporting of task churn."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.inference.pipeline import ANALYST_INPUTS
from churnlens.pipelines.reporting.nodes import (
    describe_table,
    draw_plots,
    evaluate_answers,
    evaluate_drivers,
    evaluate_questions,
    evaluate_risk,
    write_report,
)

# The same inputs by which answers are made; `options` is this stage's own here.
STORED = {name: entry for name, entry in ANALYST_INPUTS.items() if name != "options"}
POPULATION = {name: STORED[name] for name in ("schema", "table", "feedback", "reasons")}
METRICS = (
    "risk_metrics",
    "question_metrics",
    "driver_metrics",
    "answer_metrics",
    "redaction_counts",
    "scorecard",
)


def _judge() -> list[Node]:
    """Return the nodes that judge risk, questions, drivers and answers."""
    return [
        Node(
            func=evaluate_risk,
            inputs=["table", "table_schema", "risk_folds"],
            outputs="risk_metrics",
            name="evaluate_risk",
        ),
        Node(
            func=evaluate_questions,
            inputs=["bench", "table", "table_schema", "params:reporting"],
            outputs="question_metrics",
            name="evaluate_questions",
        ),
        Node(
            func=evaluate_drivers,
            inputs={
                "truth": "demo_truth",
                "bench": "bench",
                "inference": "params:inference",
                "options": "params:reporting",
                **POPULATION,
            },
            outputs="driver_metrics",
            name="evaluate_drivers",
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
    ]


def _show() -> list[Node]:
    """Return the nodes that describe the table, draw and write."""
    return [
        Node(
            func=describe_table,
            inputs={
                "inference": "params:inference",
                **POPULATION,
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
                "schema": "table_schema",
                "options": "params:reporting",
                **{name: name for name in METRICS},
            },
            outputs="report",
            name="write_report",
        ),
    ]


def create_pipeline() -> Pipeline:
    """Return the stage: judge what was made, describe the table, and report."""
    return Pipeline([*_judge(), *_show()])
