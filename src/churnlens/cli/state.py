"""Commands about the project itself: what is done, and how its parts hang together."""

from __future__ import annotations

from pathlib import Path

import click

from churnlens.cli.opening import find_project, open_project, shared
from churnlens.cli.plain import PlainCommand


@click.command(cls=PlainCommand)
@click.argument(
    "task",
    type=click.Choice(["churn", "satisfaction", "service", "summary", "clv", "retention"]),
    default="churn",
)
@shared
def status(task: str, data_root: str | None, env: str | None) -> None:
    """Say per node of TASK (default: churn) whether its outputs are done, and why not.

    One line a node: state (done, stale, torn, missing or never ran), name, reason.
    """
    from kedro.framework.project import pipelines
    from kedro.pipeline import Pipeline

    from churnlens.engine.records import node_states
    from churnlens.hooks import STATE
    from churnlens.hooks import data_root as root_of

    context = open_project(env, data_root=data_root)
    student = [each for each in pipelines["student"].nodes if each.name.startswith(f"{task}.")]
    nodes = (pipelines[task] + Pipeline(student)).nodes
    for found in node_states(context.catalog, nodes, root_of(context) / STATE):
        click.echo(f"{found.state:10} {found.node:45} {found.why}".rstrip())


@click.command(cls=PlainCommand)
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
