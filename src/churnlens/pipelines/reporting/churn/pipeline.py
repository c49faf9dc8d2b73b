"""Task churn in stage reporting."""

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.reporting.churn.arms import (
    answer_as_base,
    answer_as_tuned,
    evaluate_arms,
    set_test_exercises,
)
from churnlens.pipelines.reporting.churn.nodes import (
    describe_table,
    draw_plots,
    evaluate_answers,
    evaluate_drivers,
    evaluate_questions,
    evaluate_risk,
    write_report,
)
from churnlens.pipelines.reporting.shared import arms, losses
from churnlens.pipelines.shared import STORED, STUDENT
from churnlens.tasks.arms import WRITTEN

POPULATION = {name: STORED[name] for name in ("schema", "table", "feedback", "reasons")}
METRICS = (
    "risk_metrics",
    "question_metrics",
    "driver_metrics",
    "answer_metrics",
    "redaction_counts",
    "scorecard",
    "arm_metrics",  # these three are None until a student has been trained
    "distillation_quality",
    "training_history",
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


def _compare() -> list[Node]:
    """Return the nodes that compare the student with its base and with the floors."""
    return [
        Node(
            func=set_test_exercises,
            inputs={
                "bench": "bench",
                "inference": "params:inference",
                "distillation": "params:distillation",
                "finetuning": "params:finetuning",
                "options": "params:reporting",
                **STORED,
            },
            outputs="test_exercises",
            name="set_test_exercises",
            tags=STUDENT,
        ),
        *arms("answer", answer_as_base, answer_as_tuned),
        Node(
            func=evaluate_arms,
            inputs={
                "exercises": "test_exercises",
                "prompts": "prompts",
                "table": "table",
                "schema": "table_schema",
                "model_lock": "model_lock",
                "model_root": "params:model_root",
                "indexing": "params:indexing",
                "distillation": "params:distillation",
                "options": "params:reporting",
                **{name: f"arm_{name}" for name in WRITTEN},
            },
            outputs="arm_metrics",
            name="evaluate_arms",
            tags=STUDENT,
        ),
        losses(STUDENT),
    ]


def create_pipeline() -> Pipeline:
    """Return the stage: judge what was made, describe the table, and report."""
    return Pipeline([*_judge(), *_compare(), *_show()])
