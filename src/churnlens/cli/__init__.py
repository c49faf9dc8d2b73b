"""Project commands beside Kedro's own; each says in `--help` what it reads and writes."""

from __future__ import annotations

from typing import Any

import click
from kedro.framework.cli.project import run as kedro_run

from churnlens.cli import answers, data, desk, models, promotion, serving, state
from churnlens.cli.opening import open_analyst, open_project
from churnlens.cli.plain import PlainCommand, PlainGroup

__all__ = ["cli", "open_analyst", "open_project", "run"]


@click.group(cls=PlainGroup)
def cli() -> None:
    """Why customers leave, computed over the whole table and answered with evidence."""


def _run(runner: str | None, **given: Any) -> Any:
    """Run what has changed since the last run, and what depends on it.

    `kedro status` says why a node would run; `--runner SequentialRunner` runs every node.
    """
    chosen = runner or "churnlens.runner.IncrementalRunner"
    return click.get_current_context().invoke(kedro_run, runner=chosen, **given)


# Kedro's own command, with another runner and the same end; `python -m churnlens` looks here.
run = PlainCommand("run", params=kedro_run.params, callback=_run, help=_run.__doc__)
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
    desk.send_alerts,
    desk.grant,
    serving.serve,
    state.status,
    state.lineage,
):
    cli.add_command(command)
