"""Commands about models: fetch them, plan for their memory, and export the tuned one."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from churnlens.cli.opening import environment, open_project, shared
from churnlens.cli.plain import PlainCommand

if TYPE_CHECKING:
    from churnlens.models.generation import Message


@click.command("fetch-models", cls=PlainCommand)
@click.argument("names", nargs=-1)
@click.option("--revision", default=None, help="Commit of a hub model (one NAME only).")
@environment
def fetch_models(names: tuple[str, ...], revision: str | None, env: str | None) -> None:
    """Fetch models by the lock file; default: those of the environment.

    Every file is checked by sha256; weights are kept as safetensors.
    """
    from churnlens.models.fetch import fetch
    from churnlens.models.lock import parse_lock, pin

    context = open_project(env)
    conf = context.config_loader["globals"]
    specs = parse_lock(context.catalog.load("model_lock"))
    if unknown := [name for name in names if name not in specs]:
        raise click.ClickException(f"not in the lock: {unknown}; it has {sorted(specs)}")
    if revision and len(names) != 1:
        raise click.ClickException("--revision needs exactly one NAME")
    for name in names or _models_of(conf):
        spec = pin(specs[name], revision) if revision else specs[name]
        folder = fetch(spec, Path(context.project_path) / conf["model_root"])
        click.echo(f"{name} ({spec.version}, {spec.licence}) is in {folder}")


def _models_of(conf: dict[str, Any]) -> list[str]:
    """Return the names of the models that an environment needs, each once."""
    wanted = [conf[role]["name"] for role in ("encoder", "dialogue_encoder", "writer", "student")]
    teacher = conf["teacher"]
    return list(
        dict.fromkeys([*wanted, *([teacher["name"]] if teacher["kind"] == "transformers" else [])])
    )


@click.command(cls=PlainCommand)
@environment
def plan(env: str | None) -> None:
    """Predict the memory of every stage of churn: whether it fits, and which option saves how much.

    Reads the configuration of the environment and the sizes of its models; nothing is loaded.
    """
    from churnlens.models.plan import plan_stages, render_plan

    context = open_project(env)
    parameters = context.config_loader["parameters"]
    memory = context.config_loader["globals"].get("memory_gib")
    stages = plan_stages(parameters["churn"], Path(parameters["model_root"]), memory)
    click.echo(f"churn\n{render_plan(stages)}")


@click.command(cls=PlainCommand)
@click.argument("task", type=click.Choice(["churn"]))
@click.option(
    "--format",
    "form",
    type=click.Choice(["merged", "gguf", "onnx"]),
    default="merged",
    show_default=True,
    help="A folder for transformers and vLLM, a file for llama.cpp and Ollama, or ONNX.",
)
@click.option(
    "--dtype",
    type=click.Choice(["float32", "bfloat16", "float16"]),
    default="float32",
    show_default=True,
    help="Of the written weights; only float32 is held to the tolerance.",
)
@click.option("--target", type=click.Path(file_okay=False), default=None, help="Folder to write.")
@shared
def export(
    task: str, form: Any, dtype: Any, target: str | None, data_root: str | None, env: str | None
) -> None:
    """Write the tuned model of TASK in a form to deploy, compared with its adapter on 20 prompts.

    Default target: 06_models/TASK/export_FORM of the data root. Nothing is written when logits or
    texts differ from the adapter's.
    """
    from churnlens.hooks import data_root as root_of
    from churnlens.hooks import run_lock
    from churnlens.models.export.student import export_student
    from churnlens.models.lock import ModelError, spec_of
    from churnlens.models.weights import verify

    context = open_project(env, data_root=data_root)
    adapter = context.catalog.load(f"{task}.student")
    if adapter is None:
        raise ModelError("no student has been trained; next: `kedro run --pipelines churn`")
    options = context.catalog.load(f"params:{task}.finetuning")
    root = Path(context.catalog.load("params:model_root"))
    spec = spec_of(context.catalog.load("model_lock"), options.student)
    base = verify(spec, root)
    folder = Path(target) if target else root_of(context) / "06_models" / task / f"export_{form}"
    words = context.catalog.load(f"{task}.prompts")
    prompts = _prompts(context.catalog.load(f"{task}.exercises"), words, spec.languages)
    with run_lock(root_of(context)):
        report = export_student(adapter, base, folder, form, prompts, dtype)
    click.echo(report.model_dump_json(indent=1))


def _prompts(
    exercises: list[dict[str, Any]], prompts: dict[str, Any], languages: Collection[str]
) -> list[tuple[Message, ...]]:
    """Return what the student reads of 20 exercises of different families in its languages."""
    from churnlens.pipelines.finetuning.students import choose_rows
    from churnlens.tasks.churn.curriculum import Lesson
    from churnlens.tasks.churn.exercise import ExercisePrompt, messages, set_exercise

    prompt = ExercisePrompt.model_validate(prompts["exercise"])
    chosen = map(Lesson.model_validate, choose_rows(exercises, languages, 20))
    return [messages(set_exercise(lesson.brief), prompt) for lesson in chosen]
