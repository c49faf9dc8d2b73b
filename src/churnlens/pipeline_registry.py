"""Every pipeline by its explicit name: one per task, one per stage, and the main job.

A stage says what it does for each task, without the task's name; a task is the chain of its stages
under the task's namespace. So the data of task churn are called `churn.table`, `churn.answers`, …,
and its nodes `churn.inference.answer_questions`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import NamedTuple

from kedro.pipeline import Pipeline

from churnlens.pipelines import (
    data_processing,
    distillation,
    experiments,
    finetuning,
    indexing,
    inference,
    reporting,
)
from churnlens.pipelines.shared import STUDENT

MAIN = "churn"


class Task(NamedTuple):
    """A task: its stages in order, what it takes from outside by its own name, and asides.

    Outside, the raw input `raw_NAME` of a stage is called NAME, as the run-time parameter is that
    names its file; inside, NAME is what the stage makes of it.

    `shared` is what one task makes and another reads: its name inside → the name that both know.

    An aside reads what stages made and is in no run but that of its own name. A task that is
    `quick` leaves making its student to the pipeline `student`.
    """

    stages: tuple[ModuleType, ...]
    inputs: frozenset[str]
    parameters: frozenset[str]
    asides: tuple[ModuleType, ...] = ()
    shared: Mapping[str, str] = {}
    quick: bool = False


VALUED = {"values": "customer_values", "purchases": "customer_purchases"}

# What every task on dialogues reads.
DIALOGUES = frozenset({"raw_dialogues", "customer_table", "schema", "model_lock", "alert_phrases"})

# A task has the stages that do something for it; the others are left out until they do.
TASKS = {
    "churn": Task(
        stages=(data_processing, indexing, distillation, finetuning, inference, reporting),
        inputs=frozenset({"customers", "schema", "questions", "bench", "model_lock", "demo_truth"}),
        parameters=frozenset({"params:model_root"}),
        asides=(experiments,),
    ),
    "satisfaction": Task(
        stages=(data_processing, indexing, finetuning, inference, reporting),
        inputs=DIALOGUES | {"action_table", "desk_facts", "reason_book"},
        parameters=frozenset({"params:model_root"}),
    ),
    "service": Task(
        stages=(data_processing, indexing, finetuning, inference, reporting),
        inputs=frozenset(
            {"raw_service_book", "raw_service_rows", "raw_service_bench", "model_lock"}
        ),
        parameters=frozenset({"params:model_root"}),
    ),
    "summary": Task(
        stages=(data_processing, distillation, finetuning, inference, reporting),
        inputs=DIALOGUES | {"summary_phrases"},
        parameters=frozenset({"params:model_root"}),
        asides=(experiments,),
        quick=True,
    ),
    "clv": Task(
        stages=(data_processing, finetuning, inference, reporting),
        inputs=frozenset(
            {
                "transactions",
                "trade",
                "customer_table",
                "schema",
                "model_lock",
                "ledger_truth",
                "ledger_facts",
            }
        ),
        parameters=frozenset({"params:model_root"}),
        shared={**VALUED, "metrics": "value_metrics"},
    ),
    "retention": Task(
        stages=(inference, reporting),
        inputs=frozenset(
            {
                "known_risk",
                "known_schema",
                "known_reasons",
                "known_dialogues",
                "known_assessments",
                "offers",
                "retention_rules",
                "reason_book",
                "trade",
                "ledger_truth",
                "ledger_facts",
            }
        ),
        parameters=frozenset(),
        shared={**VALUED, "value_metrics": "value_metrics"},
    ),
}


def _name(module: ModuleType) -> str:
    return module.__name__.rsplit(".", 1)[-1]


def _stage(module: ModuleType, task: str) -> Pipeline:
    pipeline: Pipeline = module.create_pipeline(task)
    name = _name(module)
    return Pipeline(pipeline, namespace=name, prefix_datasets_with_namespace=False, tags=name)


def _task(name: str, task: Task, modules: Sequence[ModuleType]) -> Pipeline:
    whole = sum((_stage(module, name) for module in modules), Pipeline([]))
    outside = {each: each.removeprefix("raw_") for each in task.inputs} | {**task.shared}
    return Pipeline(
        whole,
        namespace=name,
        inputs={each: outside[each] for each in outside.keys() & whole.inputs()},
        outputs={each: task.shared[each] for each in task.shared.keys() & whole.all_outputs()},
        parameters=set(task.parameters & whole.inputs()),
        tags=name,
    )


def register_pipelines() -> dict[str, Pipeline]:
    """Return the pipelines by name.

    `__default__` is the main job but for making a student, which takes longer than all the rest:
    the pipeline of the task has it, unless the task is quick. `student` makes and judges the
    students, and makes anew what shows them.
    """
    tasks = {name: _task(name, task, task.stages) for name, task in TASKS.items()}
    asides = [_task(name, task, task.asides) for name, task in TASKS.items() if task.asides]
    everything = sum([*tasks.values(), *asides], Pipeline([]))
    modules = {m for task in TASKS.values() for m in (*task.stages, *task.asides)}
    stages = {name: everything.only_nodes_with_tags(name) for name in sorted(map(_name, modules))}
    whole = sum(tasks.values(), Pipeline([]))
    student = whole.from_nodes(*(node.name for node in whole.only_nodes_with_tags(STUDENT).nodes))
    quick = {name: each - each.only_nodes_with_tags(STUDENT) for name, each in tasks.items()}
    tasks |= {name: quick[name] for name, task in TASKS.items() if task.quick}
    return {"__default__": quick[MAIN], **tasks, **stages, STUDENT: student}
