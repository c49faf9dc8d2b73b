"""The command that lets a student serve, or takes it back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from churnlens.cli.opening import open_project, shared
from churnlens.cli.plain import PlainCommand

if TYPE_CHECKING:
    from kedro.framework.context import KedroContext

    from churnlens.tasks.churn.promotion import Verdict


@click.command(cls=PlainCommand)
@click.argument("task", type=click.Choice(["churn"]))
@click.option("--force", is_flag=True, help="Promote whatever the comparison says.")
@click.option("--back", is_flag=True, help="Let the one before serve again: a student, or none.")
@shared
def promote(task: str, force: bool, back: bool, data_root: str | None, env: str | None) -> None:
    """Let the trained student of TASK answer (`--writer student`), if it is better.

    It is compared with the student that serves, or with the untuned base where none does, inside
    the grammar on validation questions: better is by 0.02 of the mean honest metric, with the
    whole interval above zero. Every decision is a row of 08_reporting/TASK/promotions.jsonl.
    """
    from churnlens.datasets.atomic import sweep
    from churnlens.hooks import data_root as root_of
    from churnlens.hooks import run_lock

    context = open_project(env, data_root=data_root)
    with run_lock(root := root_of(context)):
        sweep(root)
        row = _go_back(context, task) if back else _promote(context, task, force)
    click.echo(json.dumps(row, ensure_ascii=False, indent=1))


def _promote(context: KedroContext, task: str, force: bool) -> dict[str, Any]:
    """Compare, and where the candidate is better keep it and let it serve."""
    from churnlens.models.lock import ModelError
    from churnlens.models.training.card import CARD, AdapterCard

    candidate = context.catalog.load(f"{task}.student")
    if candidate is None:
        raise ModelError("no student has been trained; next: `kedro run --pipelines churn`")
    card = AdapterCard.model_validate_json((candidate / CARD).read_text(encoding="utf-8"))
    verdict = _compare(context, task, candidate)
    event = "promoted" if verdict.better else "forced" if force else "kept"
    row = {"event": event, "student": card.key(), "verdict": verdict.model_dump(mode="json")}
    if event == "kept":
        return _note(context, task, row)
    _keep(context, task, card.key(), candidate)
    _note(context, task, row)  # before it serves: after a kill the same command says it again
    context.catalog.save(f"{task}.served", candidate)
    return row


def _note(context: KedroContext, task: str, row: dict[str, Any]) -> dict[str, Any]:
    log = context.catalog.load(f"{task}.promotions") or []
    context.catalog.save(f"{task}.promotions", [*log, row])
    return row


def _keep(context: KedroContext, task: str, name: str, folder: Path) -> None:
    from churnlens.datasets.adapter import AdapterDataset

    shelf: Path = context.catalog.load(f"{task}.promoted")
    AdapterDataset(filepath=str(shelf / name)).save(folder)


def _compare(context: KedroContext, task: str, candidate: Path) -> Verdict:
    """Have both answer the validation questions; what was answered before is not asked again."""
    from churnlens.models.lock import spec_of
    from churnlens.pipelines.reporting.churn.arms import ArmInputs, answer_as
    from churnlens.tasks.arms import Arm
    from churnlens.tasks.churn.curriculum import Lesson, choose_lessons
    from churnlens.tasks.churn.promotion import decide

    load = context.catalog.load
    finetuning, inference = load(f"params:{task}.finetuning"), load(f"params:{task}.inference")
    spec = spec_of(load("model_lock"), finetuning.student)
    lessons = [Lesson.model_validate(each) for each in load(f"{task}.exercises")]
    most = load(f"params:{task}.reporting").arm_questions
    chosen = choose_lessons(lessons, "validation", spec.languages, most)
    served = load(f"{task}.served")
    inputs = ArmInputs(
        exercises=[lesson.model_dump(mode="json") for lesson in chosen],
        prompts=load(f"{task}.prompts"),
        model_lock=load("model_lock"),
        model_root=load("params:model_root"),
        store=load(f"{task}.arm_cache"),
        finetuning=finetuning,
        options=inference,
    )
    return decide(
        chosen,
        answer_as(Arm(tuned=True, grammar=True), candidate, inputs),
        answer_as(Arm(tuned=served is not None, grammar=True), served, inputs),
        frozenset(load(f"{task}.prompts")["common_words"]),
    )


def _go_back(context: KedroContext, task: str) -> dict[str, Any]:
    """Let the student before this one serve; before the first one none did."""
    from churnlens.datasets.atomic import remove_folder
    from churnlens.tasks.churn.promotion import PromotionError, serving

    stack = serving(context.catalog.load(f"{task}.promotions") or [])
    if not stack:
        raise PromotionError("no student serves; next: kedro promote churn")
    before = stack[-2] if len(stack) > 1 else None
    if before:
        shelf: Path = context.catalog.load(f"{task}.promoted")
        context.catalog.save(f"{task}.served", shelf / before)
    elif served := context.catalog.load(f"{task}.served"):
        remove_folder(served)
    return _note(context, task, {"event": "back", "student": stack[-1], "serves": before})
