"""Project commands beside Kedro's own; each says in `--help` what it reads and writes."""

from __future__ import annotations

import click
from kedro.framework.cli.project import run as kedro_run

from churnlens.cli import answers, data, models, promotion, serving, state
from churnlens.cli.opening import open_analyst, open_project
from churnlens.cli.plain import PlainCommand, PlainGroup

__all__ = ["cli", "open_analyst", "open_project", "run"]


@click.group(cls=PlainGroup)
def cli() -> None:
    """Why customers leave, computed over the whole table and answered with evidence."""


# Kedro's own command, with the same end; `python -m churnlens` looks for it here.
run = PlainCommand("run", params=kedro_run.params, callback=kedro_run.callback, help=kedro_run.help)
for command in (
    run,
    data.demo_data,
    data.check_data,
    models.fetch_models,
    models.plan,
    models.export,
    promotion.promote,
    answers.ask,
    answers.predict,
    serving.serve,
    state.status,
    state.lineage,
):
    cli.add_command(command)
