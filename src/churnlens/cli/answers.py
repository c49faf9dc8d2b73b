"""Commands that answer: one question, or a file of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from churnlens.cli.opening import (
    chosen_writer,
    node_inputs,
    open_analyst,
    open_project,
    shared,
)
from churnlens.cli.plain import PlainCommand
from churnlens.cli.predictors import PREDICTORS, OpenedThere
from churnlens.cli.values import predict_values

if TYPE_CHECKING:
    from churnlens.options import EngineOptions
    from churnlens.tasks.churn.answers import Answer

ROWS_PER_SHARD = 16  # of what a language model writes
DIALOGUES_PER_SHARD = 256  # without one: quick, and quicker together


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


@click.command(cls=PlainCommand)
@click.argument("question")
@click.option("--json", "as_json", is_flag=True, help="Print the whole answer as JSON.")
@chosen_writer
@shared
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


@click.command(cls=PlainCommand)
@click.argument("task", type=click.Choice(["churn", "satisfaction", "service", "summary", "clv"]))
@click.argument("source", type=click.Path(exists=True, dir_okay=False))
@click.argument("target", type=click.Path(dir_okay=False))
@click.option(
    "--workers", type=click.IntRange(1), help="Ray workers (extra scale); else as `engine` says."
)
@chosen_writer
@shared
def predict(
    task: str,
    source: str,
    target: str,
    workers: int | None,
    writer: str | None,
    data_root: str | None,
    env: str | None,
) -> None:
    """Score every row of SOURCE into TARGET; a stopped run goes on where it was.

    JSON lines; a bad row becomes {id, error}.

    churn: {id, query} → {id, answer}.

    satisfaction: {id, turns: [{speaker: customer|agent, text}]} → {id, kind, turns: [{index,
    score, p_dissatisfied, likely}], overall, level, alerts, reasons}; kind is estimate where a
    score read its turn, predict where it was told before the turn came.

    service: {id, messages: [{role: user|assistant, content}]} → {id, reply, status, citations,
    intent, language, model}.

    summary: rows as for satisfaction → {id, summary, evidence, language, model}.

    clv: CSV in, CSV out: customer_id, date, amount → customer_id, clv, clv_low, clv_high, segment,
    rank; rows that cannot count are named and left out.
    """
    from churnlens.datasets.atomic import write_file
    from churnlens.datasets.jsonl import dump_rows
    from churnlens.datasets.raw_table import read_text
    from churnlens.engine.records import fingerprint, made_with
    from churnlens.hooks import data_root as root_of
    from churnlens.hooks import run_lock
    from churnlens.tasks.batch import parse_rows, predict_rows

    if Path(target).exists() and Path(target).samefile(source):
        raise click.BadParameter(
            "SOURCE would be overwritten; name another file", param_hint="TARGET"
        )
    context = open_project(env, data_root=data_root, writer=writer)
    engine = engine_of(context.config_loader["globals"]["engine"], workers)
    if task == "clv":
        click.echo(predict_values(context, Path(source), Path(target), engine))
        return
    reading, opening = PREDICTORS[task]
    rows = parse_rows(read_text(Path(source)), *reading())
    if not rows:
        raise click.ClickException(f"{source}: no rows; expected one JSON object a line")
    made_of = set(node_inputs(task).values()) - {"questions", f"{task}.dialogues", f"{task}.cases"}
    store = context.catalog.load(f"{task}.prediction_cache")
    with run_lock(root_of(context)):
        work, name = opening(context)
        recipe = [*made_with(), name, *(fingerprint(context.catalog, n) for n in sorted(made_of))]
        if engine.kind == "ray":
            given = {"data_root": data_root, "writer": writer}
            work = OpenedThere(task, context.project_path, env, given)
        done = predict_rows(rows, work, store, recipe, shard_size(task, name), engine)
        write_file(Path(target), dump_rows(done))
    bad = sum(1 for row in done if "error" in row)
    click.echo(f"{len(rows) - bad} good rows and {bad} bad rows are in {target}")


def engine_of(conf: Mapping[str, Any], workers: int | None) -> EngineOptions:
    """Return who predicts: what the configuration says, or so many Ray workers of its kind."""
    from churnlens.options import EngineOptions

    given = {"kind": "ray", "workers": workers} if workers else {}
    return EngineOptions.model_validate({**conf, **given})


def shard_size(task: str, name: str) -> int:
    """Return how many rows are predicted together; `name` tells what predicts, as `PREDICTORS`."""
    extracts = all(writer.startswith("extractive") for writer in name.split(", "))
    quick = task == "satisfaction" or (task == "summary" and extracts)
    return DIALOGUES_PER_SHARD if quick else ROWS_PER_SHARD
