"""Project commands beside Kedro's own; each says in `--help` what it reads and writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from kedro.framework.cli.project import run as kedro_run
from kedro.utils import find_kedro_project

from churnlens.plain import PlainCommand, PlainGroup

if TYPE_CHECKING:
    from kedro.framework.context import KedroContext

    from churnlens.tasks.churn.analyst import Analyst
    from churnlens.tasks.churn.answers import Answer

Command = Callable[..., Any]
ANSWER_NODE = "churn.inference.answer_questions"
QUESTIONS_PER_SHARD = 16
RUN_FIRST = "Run `kedro run --pipelines churn` (and `kedro fetch-models`) first."


def _env(command: Command) -> Command:
    return click.option("--env", "-e", default=None, help="Configuration environment.")(command)


def _shared(command: Command) -> Command:
    """Add the options of every command that reads or writes what a run does."""
    text = "Root of every catalog path, from the project's folder (default: data)."
    return click.option("--data-root", default=None, help=text)(_env(command))


def _writer(command: Command) -> Command:
    return click.option(
        "--writer",
        type=click.Choice(["model", "template"]),
        default=None,
        help="Who writes the sentences: the language model, or templates without any model.",
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


def _node_inputs(context: KedroContext) -> dict[str, str]:
    """Return argument → dataset of the node that answers questions."""
    from kedro.framework.project import pipelines

    (node,) = pipelines["churn"].only_nodes(ANSWER_NODE).nodes
    return dict(node._inputs)  # noqa: SLF001


def _refuse_unless_done(context: KedroContext) -> None:
    """Refuse to read what no single run has made: left by a stopped run, or changed since."""
    from kedro.framework.project import pipelines

    from churnlens.engine.records import node_states
    from churnlens.hooks import STATE
    from churnlens.hooks import data_root as root_of

    before = [n for n in pipelines["churn"].to_nodes(ANSWER_NODE).nodes if n.name != ANSWER_NODE]
    found = node_states(context.catalog, before, root_of(context) / STATE)
    if bad := [each for each in found if each.state != "done"]:
        what = "; ".join(f"{e.node}: {e.state} {e.why}".rstrip() for e in bad[:3])
        more = f" and {len(bad) - 3} more" if len(bad) > 3 else ""
        raise click.ClickException(
            f"{root_of(context)} does not hold one whole run ({what}{more})\n"
            f"{RUN_FIRST} After a run with an --env, give the same --env here."
        )


def open_analyst(context: KedroContext) -> Analyst:
    """Load what an answer needs; a message when it is not there, or not of one run."""
    from kedro.io.core import DatasetError

    from churnlens.models.lock import ModelError
    from churnlens.options import IndexingOptions, InferenceOptions
    from churnlens.pipelines.inference.nodes import load_analyst

    _refuse_unless_done(context)
    names = _node_inputs(context)
    names.pop("questions")
    try:
        loaded = {argument: context.catalog.load(name) for argument, name in names.items()}
        indexing = IndexingOptions.model_validate(loaded.pop("indexing"), from_attributes=True)
        options = InferenceOptions.model_validate(loaded.pop("options"), from_attributes=True)
        return load_analyst(loaded, indexing, options)  # type: ignore[arg-type]
    except (DatasetError, ModelError) as error:
        raise click.ClickException(f"{error}\n{RUN_FIRST}") from None


@click.group(cls=PlainGroup)
def cli() -> None:
    """Why customers leave, computed over the whole table and answered with evidence."""


# Kedro's own command, with the same end; `python -m churnlens` looks for it here.
run = PlainCommand("run", params=kedro_run.params, callback=kedro_run.callback, help=kedro_run.help)
cli.add_command(run)


@cli.command("demo-data")
@click.option(
    "--customers",
    default=7043,
    show_default=True,
    type=click.IntRange(min=1),
    help="Rows of the table.",
)
@click.option("--seed", default=7, show_default=True, help="Same seed, same bytes.")
@_shared
def demo_data(customers: int, seed: int, data_root: str | None, env: str | None) -> None:
    """Write demo customers (CSV, utf-8) and the truth planted in them (Parquet, JSON) to 01_raw."""
    from churnlens.hooks import data_root as root_of
    from churnlens.hooks import run_lock
    from churnlens.simulation import simulate_customers

    context = open_project(env, data_root=data_root)
    demo = simulate_customers(customers, seed)
    with run_lock(root_of(context)):
        context.catalog.save("demo_truth_rows", demo.truth_rows)
        context.catalog.save("demo_truth", demo.truth)
        context.catalog.save("demo_customers", demo.customers)
    click.echo(f"{customers} customers and the planted truth are in 01_raw of the data root")


@cli.command("fetch-models")
@click.argument("names", nargs=-1)
@click.option("--revision", default=None, help="Commit of a hub model (one NAME only).")
@_env
def fetch_models(names: tuple[str, ...], revision: str | None, env: str | None) -> None:
    """Fetch models by the lock file; default: those of the environment.

    Weights are safetensors or GGUF, checked by sha256.
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
    for name in names or (conf["encoder"]["name"], conf["writer"]["name"]):
        spec = pin(specs[name], revision) if revision else specs[name]
        folder = fetch(spec, Path(context.project_path) / conf["model_root"])
        click.echo(f"{name} ({spec.version}, {spec.licence}) is in {folder}")


@cli.command("check-data")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--encoding", default=None, help="Of FILE (default: found out).")
@click.option("--schema", "-s", default=None, help="Schema file (default: the project's).")
@_env
def check_data(file: str, schema: str | None, encoding: str | None, env: str | None) -> None:
    """Check FILE against its schema, before any model loads; faults end with status 1.

    FILE is delimited text (comma, semicolon or tab) with a header line, in utf-8, utf-8-sig, gbk,
    gb18030 or utf-16; the schema is YAML (docs/data.md).
    """
    from churnlens.datasets import RawTableDataset
    from churnlens.pipelines.data_processing.validation import explain, find_faults
    from churnlens.schema import parse_schema

    described = parse_schema(open_project(env, schema=schema).catalog.load("schema"))
    table, faults = find_faults(RawTableDataset(filepath=file, encoding=encoding).load(), described)
    if faults:
        raise click.ClickException(explain(faults, file))
    click.echo(f"{file}: {len(table)} rows fit schema {described.name}")


def _shown(answer: Answer) -> str:
    """Return an answer as text for a terminal."""
    lines = [answer.summary]
    if answer.cohort:
        lines.append(f"[{answer.cohort.text}: {answer.cohort.size:,}]")
    for claim in answer.claims:
        marks = ", ".join((*claim.stat_ids[:1], *claim.doc_ids))
        lines.append(f"- {claim.text}  [{marks}]")
    if answer.risk_level:
        lines.append(f"Risk: {answer.risk_level} ({answer.risk_score})")
    lines += [f"→ {action}" for action in answer.actions]
    lines += [f"“{each.quote}” ({key})" for key, each in answer.documents.items()]
    dropped = f", dropped {len(answer.checks.dropped)}" if answer.checks.dropped else ""
    lines.append(f"({answer.model}; kept {answer.checks.kept} of {answer.checks.written}{dropped})")
    return "\n".join(lines)


@cli.command()
@click.argument("question")
@click.option("--json", "as_json", is_flag=True, help="Print the whole answer as JSON.")
@_writer
@_shared
def ask(
    question: str, as_json: bool, writer: str | None, data_root: str | None, env: str | None
) -> None:
    """Answer QUESTION (English or Chinese) from the built index.

    Prints text, or with --json one JSON object with cohort, claims, statistics and documents.
    """
    from churnlens.tasks.churn.batch import query_fault

    if fault := query_fault(question):
        raise click.BadParameter(fault, param_hint="QUESTION")
    answer = open_analyst(open_project(env, data_root=data_root, writer=writer)).ask(question)
    if as_json:
        click.echo(json.dumps(answer.model_dump(mode="json"), ensure_ascii=False, indent=1))
    else:
        click.echo(_shown(answer))


@cli.command()
@click.argument("task", type=click.Choice(["churn"]))
@click.argument("source", type=click.Path(exists=True, dir_okay=False))
@click.argument("target", type=click.Path(dir_okay=False))
@_writer
@_shared
def predict(
    task: str,
    source: str,
    target: str,
    writer: str | None,
    data_root: str | None,
    env: str | None,
) -> None:
    """Score every row of SOURCE into TARGET; a stopped run goes on where it was.

    churn: JSON lines {id, query} → {id, answer}; a bad row becomes {id, error}.
    """
    from churnlens.datasets.atomic import write_file
    from churnlens.datasets.jsonl import dump_rows
    from churnlens.datasets.raw_table import read_text
    from churnlens.engine.records import code_hash, fingerprint
    from churnlens.hooks import data_root as root_of
    from churnlens.hooks import run_lock
    from churnlens.tasks.churn.batch import answer_rows, parse_rows

    context = open_project(env, data_root=data_root, writer=writer)
    rows = parse_rows(read_text(Path(source)))
    if not rows:
        raise click.ClickException(f"{source}: no rows; expected one JSON object a line")
    names = sorted(name for name in _node_inputs(context).values() if name != "questions")
    store = context.catalog.load(f"{task}.prediction_cache")
    with run_lock(root_of(context)):
        recipe = [code_hash(), *(fingerprint(context.catalog, name) for name in names)]
        answer = open_analyst(context).answer
        done = answer_rows(rows, answer, store, recipe, QUESTIONS_PER_SHARD)
        write_file(Path(target), dump_rows(done))
    bad = sum(1 for row in done if "error" in row)
    click.echo(f"{len(rows) - bad} answers and {bad} bad rows are in {target}")


@cli.command()
@_shared
def status(data_root: str | None, env: str | None) -> None:
    """Say per node whether its outputs are done, stale, torn or missing, and why.

    One line a node: state, name, reason.
    """
    from kedro.framework.project import pipelines

    from churnlens.engine.records import node_states
    from churnlens.hooks import STATE
    from churnlens.hooks import data_root as root_of

    context = open_project(env, data_root=data_root)
    nodes = pipelines["__default__"].nodes
    for found in node_states(context.catalog, nodes, root_of(context) / STATE):
        click.echo(f"{found.state:10} {found.node:45} {found.why}".rstrip())


@cli.command()
@click.option("--check", is_flag=True, help="Build into a temporary folder and keep nothing.")
def lineage(check: bool) -> None:
    """Build the static Kedro-Viz site (HTML) into docs/lineage, without previews of data.

    Reads the default configuration and no data: it takes neither --data-root nor --env.
    """
    import shutil
    import subprocess
    import sys
    import tempfile

    project = find_project()
    with tempfile.TemporaryDirectory() as scratch:
        # `kedro viz build` writes to ./build, which packaging uses too: build, move, tidy.
        command = [sys.executable, "-m", "kedro", "viz", "build"]
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            raise click.ClickException(f"kedro viz build failed: {done.stderr[-500:]}")
        shutil.move(project / "build", Path(scratch) / "site")
        if check:
            click.echo("the lineage site builds")
            return
        shutil.rmtree(project / "docs" / "lineage", ignore_errors=True)
        shutil.copytree(Path(scratch) / "site", project / "docs" / "lineage")
    click.echo("the lineage site is in docs/lineage: open index.html through any web server")
