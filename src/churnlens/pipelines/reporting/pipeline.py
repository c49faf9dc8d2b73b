"""Stage reporting: what each task does in it."""

from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Any

from kedro.pipeline import Node, Pipeline

from churnlens.pipelines.reporting.arms import (
    answer_as_base,
    answer_as_tuned,
    evaluate_arms,
    set_test_exercises,
)
from churnlens.pipelines.reporting.desk_nodes import (
    draw_satisfaction,
    evaluate_satisfaction,
    write_satisfaction_report,
)
from churnlens.pipelines.reporting.nodes import (
    describe_table,
    draw_losses,
    draw_plots,
    evaluate_answers,
    evaluate_drivers,
    evaluate_questions,
    evaluate_risk,
    write_report,
)
from churnlens.pipelines.reporting.retention_nodes import (
    draw_retention,
    evaluate_retention,
    write_retention_report,
)
from churnlens.pipelines.reporting.service_nodes import (
    evaluate_routing,
    evaluate_service,
    write_service_report,
)
from churnlens.pipelines.reporting.summary_arms import (
    evaluate_summary_arms,
    set_arm_dialogues,
    summarise_as_base,
    summarise_as_tuned,
)
from churnlens.pipelines.reporting.summary_nodes import (
    evaluate_summaries,
    write_summary_report,
)
from churnlens.pipelines.reporting.value_nodes import (
    draw_values,
    evaluate_values,
    predict_texts,
    write_value_report,
)
from churnlens.pipelines.shared import ASSISTANT, DESK, STORED, STUDENT
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


def _arm(name: str, answer: Callable[..., Any], verb: str, *, tuned: bool) -> Node:
    """Return the node in which one arm writes; a base arm never sees the student."""
    func: Any = update_wrapper(partial(answer, name), answer)
    inputs = {
        "exercises": "test_exercises",
        "prompts": "prompts",
        "model_lock": "model_lock",
        "model_root": "params:model_root",
        "store": "arm_cache",
        "finetuning": "params:finetuning",
        "options": "params:inference",
    }
    inputs |= {"student": "student"} if tuned else {}
    return Node(
        func=func, inputs=inputs, outputs=f"arm_{name}", name=f"{verb}_as_{name}", tags=STUDENT
    )


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
        *(
            _arm(name, answer_as_tuned if arm.tuned else answer_as_base, "answer", tuned=arm.tuned)
            for name, arm in WRITTEN.items()
        ),
        Node(
            func=evaluate_arms,
            inputs={
                "exercises": "test_exercises",
                "prompts": "prompts",
                "table": "table",
                "schema": "table_schema",
                "distillation": "params:distillation",
                **{name: f"arm_{name}" for name in WRITTEN},
            },
            outputs="arm_metrics",
            name="evaluate_arms",
            tags=STUDENT,
        ),
        _losses(),
    ]


def _losses() -> Node:
    """Return the node that draws the losses of a student."""
    return Node(
        func=draw_losses,
        inputs=["training_history"],
        outputs="loss_plot",
        name="draw_losses",
        tags=STUDENT,
    )


def _churn() -> Pipeline:
    """Return the stage: judge what was made, describe the table, and report."""
    return Pipeline([*_judge(), *_compare(), *_show()])


def _satisfaction() -> Pipeline:
    """Return the stage: judge scores, alerts, reasons and explanations, draw, and report."""
    entries = (
        "metrics",
        "assessments",
        "decisions",
        "explanations",
        "case_metrics",
        "cleaning_counts",
        "label_review",
        "desk_rules",
    )
    return Pipeline(
        [
            Node(
                func=evaluate_satisfaction,
                inputs={
                    "dialogues": "dialogues",
                    "finetuning": "params:finetuning",
                    "options": "params:reporting",
                    **DESK,
                },
                outputs="metrics",
                name="evaluate_satisfaction",
            ),
            Node(
                func=draw_satisfaction,
                inputs="metrics",
                outputs=["confusion_plot", "reliability_plot"],
                name="draw_satisfaction",
            ),
            Node(
                func=write_satisfaction_report,
                inputs={"options": "params:reporting", **{name: name for name in entries}},
                outputs="report",
                name="write_report",
            ),
        ]
    )


def _summary_arms() -> list[Node]:
    """Return the nodes that compare the student of summaries with its base and with the floors."""
    return [
        Node(
            func=set_arm_dialogues,
            inputs=["dialogues", "model_lock", "params:finetuning", "params:reporting"],
            outputs="test_exercises",
            name="set_arm_dialogues",
            tags=STUDENT,
        ),
        *(
            _arm(
                name,
                summarise_as_tuned if arm.tuned else summarise_as_base,
                "summarise",
                tuned=arm.tuned,
            )
            for name, arm in WRITTEN.items()
        ),
        Node(
            func=evaluate_summary_arms,
            inputs={
                "exercises": "test_exercises",
                "extractive": "extractive",
                "options": "params:reporting",
                **{name: f"arm_{name}" for name in WRITTEN},
            },
            outputs="arm_metrics",
            name="evaluate_arms",
            tags=STUDENT,
        ),
        _losses(),
    ]


def _summary() -> Pipeline:
    """Return the stage: judge the summaries and the arms, and report."""
    return Pipeline(
        [
            Node(
                func=evaluate_summaries,
                inputs=["dialogues", "summaries", "extractive", "params:reporting"],
                outputs="metrics",
                name="evaluate_summaries",
            ),
            *_summary_arms(),
            Node(
                func=write_summary_report,
                inputs=[
                    "dialogues",
                    "summaries",
                    "metrics",
                    "cleaning_counts",
                    "params:reporting",
                    "arm_metrics",  # None until a student has been trained
                ],
                outputs="report",
                name="write_report",
            ),
        ]
    )


def _clv() -> Pipeline:
    """Return the stage: judge all models of value on the test cut, draw, and report."""
    return Pipeline(
        [
            Node(
                func=predict_texts,
                inputs={
                    "train_rows": "train_rows",
                    "test_rows": "test_rows",
                    "table_schema": "table_schema",
                    "value_model": "value_model",
                    "text_head": "text_head",
                    "text_parts": "text_parts",
                    "model_lock": "model_lock",
                    "model_root": "params:model_root",
                },
                outputs="text_predictions",
                name="predict_texts",
            ),
            Node(
                func=evaluate_values,
                inputs={
                    "train_rows": "train_rows",
                    "test_rows": "test_rows",
                    "text_predictions": "text_predictions",
                    "value_model": "value_model",
                    "values": "values",
                    "purchases": "purchases",
                    "ledger": "ledger",
                    "table_schema": "table_schema",
                    "ledger_truth": "ledger_truth",
                    "ledger_facts": "ledger_facts",
                    "options": "params:reporting",
                },
                outputs="metrics",
                name="evaluate_values",
            ),
            Node(
                func=draw_values,
                inputs="metrics",
                outputs=["gini_plot", "decile_plot"],
                name="draw_values",
            ),
            Node(
                func=write_value_report,
                inputs=["metrics", "transaction_report", "values", "params:reporting"],
                outputs="report",
                name="write_report",
            ),
        ]
    )


def _retention() -> Pipeline:
    """Return the stage: what acting on the list is worth, a figure, and the report."""
    return Pipeline(
        [
            Node(
                func=evaluate_retention,
                inputs={
                    "joined": "joined",
                    "actions": "actions",
                    "sources": "sources",
                    "purchases": "purchases",
                    "trade": "trade",
                    "ledger_truth": "ledger_truth",
                    "ledger_facts": "ledger_facts",
                    "options": "params:reporting",
                },
                outputs="metrics",
                name="evaluate_retention",
            ),
            Node(
                func=draw_retention,
                inputs="metrics",
                outputs="value_at_risk_plot",
                name="draw_retention",
            ),
            Node(
                func=write_retention_report,
                inputs=["metrics", "actions", "params:reporting"],
                outputs="report",
                name="write_report",
            ),
        ]
    )


def _service() -> Pipeline:
    """Return the stage: judge routing and replies, draw the losses, and report."""
    entries = ("metrics", "routing_metrics", "row_report", "training_history")
    return Pipeline(
        [
            Node(
                func=evaluate_routing,
                inputs={
                    "inference": "params:inference",
                    "options": "params:reporting",
                    **{name: entry for name, entry in ASSISTANT.items() if name != "student"},
                },
                outputs="routing_metrics",
                name="evaluate_routing",
            ),
            Node(
                func=evaluate_service,
                inputs={
                    **{n: n for n in ("cases", "replies", "arm_floor", "arm_base", "arm_tuned")},
                    "service_book": "raw_service_book",
                    "prompts": "prompts",
                    "inference": "params:inference",
                    "options": "params:reporting",
                },
                outputs="metrics",
                name="evaluate_service",
            ),
            Node(
                func=draw_losses,
                inputs=["training_history"],
                outputs="loss_plot",
                name="draw_losses",
            ),
            Node(
                func=write_service_report,
                inputs={"options": "params:reporting", **{name: name for name in entries}},
                outputs="report",
                name="write_report",
            ),
        ]
    )


_OF_TASK = {
    "churn": _churn,
    "satisfaction": _satisfaction,
    "summary": _summary,
    "clv": _clv,
    "retention": _retention,
    "service": _service,
}


def create_pipeline(task: str) -> Pipeline:
    """Return the stage for a task, without the task's name."""
    return _OF_TASK[task]()
