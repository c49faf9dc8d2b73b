"""Options that commands share, and how they open the project and what a run has made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from kedro.utils import find_kedro_project

if TYPE_CHECKING:
    import pandas as pd
    from kedro.framework.context import KedroContext

    from churnlens.schema import Column
    from churnlens.tasks.churn.analyst import Analyst
    from churnlens.tasks.clv.customer_values import ValueModel
    from churnlens.tasks.satisfaction.desk import Desk
    from churnlens.tasks.service.knowledge import Knowledge
    from churnlens.tasks.service.writers import Writer
    from churnlens.tasks.summary.predict import Writers

Command = Callable[..., Any]
# The node of each task that does for a run what `ask` and `predict` do for others.
WORK_NODES = {
    "churn": "churn.inference.answer_questions",
    "satisfaction": "satisfaction.inference.assess_dialogues",
    "service": "service.inference.reply_to_cases",
    "summary": "summary.inference.write_summaries",
    "clv": "clv.inference.value_everybody",
}
RUN_FIRST = {
    "churn": "Run `kedro run` (and `kedro fetch-models`) first.",
    "satisfaction": "Run `kedro run --pipelines satisfaction` (and `kedro fetch-models`) first.",
    "service": "Run `kedro run --pipelines service` (and `kedro fetch-models`) first.",
    "summary": "Run `kedro run --pipelines summary` (and `kedro fetch-models`) first.",
    "clv": "Run `kedro run --pipelines clv` first.",
}

QUICK = {"churn": "__default__"}  # task → its run without a student, where it has another name


class StoredValues(NamedTuple):
    """What values customers: the model of a run, its ledger, and the attributes of that."""

    model: ValueModel
    ledger: pd.DataFrame
    columns: tuple[Column, ...]


def environment(command: Command) -> Command:
    """Add the option of a command that reads the configuration."""
    return click.option("--env", "-e", default=None, help="Configuration environment.")(command)


def shared(command: Command) -> Command:
    """Add the options of every command that reads or writes what a run does."""
    text = "Root of every catalog path, from the project's folder (default: data)."
    return click.option("--data-root", default=None, help=text)(environment(command))


def chosen_writer(command: Command) -> Command:
    """Add the option of a command that answers."""
    return click.option(
        "--writer",
        type=click.Choice(["model", "student", "template"]),
        default=None,
        help="Who writes: the language model, the tuned one, or templates without any model.",
    )(command)


def find_project() -> Path:
    """Return the project's folder: the current one, or the nearest above it that is a project."""
    found: Path | None = find_kedro_project(Path.cwd())
    if found is None:
        raise click.ClickException(
            f"no project in {Path.cwd()} or above; expected a folder with the pyproject.toml of "
            "churnlens: change to it and try again"
        )
    return found


def open_project(env: str | None = None, **params: str | None) -> KedroContext:
    """Return the context of the project that the current folder belongs to.

    Args:
        env: configuration environment.
        params: run-time parameters such as `data_root`, `writer`, `schema`; None leaves one out.
    """
    import yaml
    from kedro.framework.project import configure_logging
    from kedro.framework.session import KedroSession
    from kedro.framework.startup import bootstrap_project

    project = find_project()
    bootstrap_project(project)
    if project != Path.cwd():  # Kedro itself looks for it in the current folder only
        configure_logging(yaml.safe_load((project / "conf" / "logging.yml").read_text("utf-8")))
    given = {name: value for name, value in params.items() if value is not None}
    session = KedroSession.create(project, env=env, runtime_params=given)
    return session.load_context()


def node_inputs(task: str) -> dict[str, str]:
    """Return argument → dataset of the node that answers or assesses."""
    from kedro.framework.project import pipelines

    (node,) = pipelines[task].only_nodes(WORK_NODES[task]).nodes
    return dict(node._inputs)  # noqa: SLF001


def _refuse_unless_done(context: KedroContext, task: str, *chains: str) -> None:
    """Refuse to read what no single run of chains has made: of a stopped run, or changed since."""
    from kedro.framework.project import pipelines
    from kedro.pipeline import Pipeline

    from churnlens.engine.records import node_states
    from churnlens.hooks import STATE
    from churnlens.hooks import data_root as root_of

    node, whole = WORK_NODES[task], sum((pipelines[each] for each in chains), Pipeline([]))
    before = [each for each in whole.to_nodes(node).nodes if each.name != node]
    found = node_states(context.catalog, before, root_of(context) / STATE)
    if bad := [each for each in found if each.state != "done"]:
        quick = {each.name for each in pipelines[QUICK.get(task, task)].nodes}
        student = f"Run `kedro run --pipelines student --namespaces {task}` first."
        first = RUN_FIRST[task] if any(each.node in quick for each in bad) else student
        what = "; ".join(f"{e.node}: {e.state} {e.why}".rstrip() for e in bad[:3])
        more = f" and {len(bad) - 3} more" if len(bad) > 3 else ""
        raise click.ClickException(
            f"{root_of(context)} does not hold one whole run ({what}{more})\n"
            f"{first} After a run with an --env, give the same --env here."
        )


def open_analyst(context: KedroContext) -> Analyst:
    """Load what an answer needs; a message when it is not there, or not of one run.

    What made the student counts only where the student is to write.
    """
    from churnlens.options import IndexingOptions, InferenceOptions
    from churnlens.tasks.churn.loading import load_analyst

    names = node_inputs("churn")
    writer = context.catalog.load(names["options"]).writer
    _refuse_unless_done(context, "churn", "churn" if writer == "student" else "__default__")
    with _explained("churn"):
        loaded = _loaded(context, names, "questions")
        indexing = IndexingOptions.model_validate(loaded.pop("indexing"), from_attributes=True)
        options = InferenceOptions.model_validate(loaded.pop("options"), from_attributes=True)
        return load_analyst(loaded, indexing, options)  # type: ignore[arg-type]


def open_satisfaction(context: KedroContext) -> Desk:
    """Load what assesses dialogues; a message when it is not there, or not of one run."""
    from churnlens.options import SatisfactionFinetuningOptions
    from churnlens.tasks.satisfaction.loading import open_desk

    _refuse_unless_done(context, "satisfaction", "satisfaction")
    with _explained("satisfaction"):
        loaded = _loaded(context, node_inputs("satisfaction"), "dialogues")
        made = SatisfactionFinetuningOptions.model_validate(
            loaded.pop("finetuning"), from_attributes=True
        )
        return open_desk(loaded, made)  # type: ignore[arg-type]


def open_service(context: KedroContext) -> tuple[Knowledge, Writer]:
    """Load what replies to customers; a message when it is not there, or not of one run."""
    from churnlens.options import ServiceFinetuningOptions, ServiceInferenceOptions
    from churnlens.tasks.service.loading import open_assistant

    _refuse_unless_done(context, "service", "service")
    with _explained("service"):
        loaded = _loaded(context, node_inputs("service"), "cases")
        made = ServiceFinetuningOptions.model_validate(
            loaded.pop("finetuning"), from_attributes=True
        )
        options = ServiceInferenceOptions.model_validate(
            loaded.pop("options"), from_attributes=True
        )
        return open_assistant(loaded, made, options)  # type: ignore[arg-type]


def open_summary(context: KedroContext) -> Writers:
    """Load what writes summaries; a message when it is not there, or not of one run.

    What made the student counts only where the student is to write.
    """
    from churnlens.options import SummaryWriterOptions
    from churnlens.tasks.summary.stages import kinds_of, load_writers

    names = node_inputs("summary")
    given = context.catalog.load(names["options"])
    options = SummaryWriterOptions.model_validate(given, from_attributes=True)
    with _explained("summary"):
        kinds = kinds_of(options, context.catalog.load(names["model_lock"]))
    _refuse_unless_done(
        context, "summary", "summary", *(("student",) if "student" in kinds.values() else ())
    )
    with _explained("summary"):
        loaded = _loaded(context, names, "dialogues", "options")
        return load_writers(loaded, options)  # type: ignore[arg-type]


def open_values(context: KedroContext) -> StoredValues:
    """Load what values customers; a message when it is not there, or not of one run."""
    from churnlens.schema import parse_schema
    from churnlens.tasks.clv.contract_rows import columns_in
    from churnlens.tasks.clv.customer_values import ValueModel

    _refuse_unless_done(context, "clv", "clv")
    with _explained("clv"):
        loaded = _loaded(context, node_inputs("clv"), "current_rows")
        schema = context.catalog.load("clv.table_schema")
        described = parse_schema(schema) if schema else None
        model, ledger = ValueModel.model_validate(loaded["value_model"]), loaded["ledger"]
        return StoredValues(model, ledger, columns_in(ledger, described))


def _loaded(context: KedroContext, names: dict[str, str], *apart: str) -> dict[str, Any]:
    """Return argument → data of a node's inputs, but for some."""
    return {each: context.catalog.load(names[each]) for each in names if each not in apart}


@contextmanager
def _explained(task: str) -> Iterator[None]:
    """Turn what is absent or damaged into a message that names the run to make it."""
    from kedro.io.core import DatasetError

    from churnlens.models.lock import ModelError

    try:
        yield
    except (DatasetError, ModelError) as error:
        raise click.ClickException(f"{error}\n{RUN_FIRST[task]}") from None
