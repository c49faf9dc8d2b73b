"""Nodes of several tasks: the arms of a comparison, and the losses of a student."""

from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Any

from kedro.pipeline import Node

from churnlens.pipelines.reporting.plots import plot_losses
from churnlens.pipelines.shared import STUDENT
from churnlens.tasks.arms import WRITTEN

Write = Callable[..., Any]  # name of an arm, and what it is given → its rows


def draw_losses(training_history: list[dict[str, Any]]) -> Any:
    """Return a matplotlib figure: the losses of the student's training."""
    return plot_losses(training_history, "en")


def losses(tags: str | None = None) -> Node:
    """Return the node that draws the losses of a student."""
    return Node(
        func=draw_losses,
        inputs=["training_history"],
        outputs="loss_plot",
        name="draw_losses",
        tags=tags,
    )


def arms(verb: str, as_base: Write, as_tuned: Write) -> list[Node]:
    """Return a node for each arm, called by what it does: `answer_as_base`, …."""
    return [
        _arm(name, as_tuned if arm.tuned else as_base, f"{verb}_as_{name}", tuned=arm.tuned)
        for name, arm in WRITTEN.items()
    ]


def _arm(arm: str, write: Write, name: str, *, tuned: bool) -> Node:
    """Return the node in which one arm writes; a base arm never sees the student."""
    func: Any = update_wrapper(partial(write, arm), write)
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
    return Node(func=func, inputs=inputs, outputs=f"arm_{arm}", name=name, tags=STUDENT)
