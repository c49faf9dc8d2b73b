"""Commands about tables: demo data, and the check of your own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from churnlens.cli.opening import environment, open_project, shared
from churnlens.cli.plain import PlainCommand

if TYPE_CHECKING:
    from kedro.framework.context import KedroContext


@click.command("demo-data", cls=PlainCommand)
@click.option(
    "--customers",
    default=7043,
    show_default=True,
    type=click.IntRange(min=1),
    help="Rows of the table.",
)
@click.option("--seed", default=7, show_default=True, help="Same seed, same bytes.")
@shared
def demo_data(customers: int, seed: int, data_root: str | None, env: str | None) -> None:
    """Write demo customers (CSV, utf-8) and the truth planted in them (Parquet, JSON) to 01_raw.

    Earlier demo customers are replaced; a table of your own that lies there is not.
    """
    from churnlens.hooks import data_root as root_of
    from churnlens.hooks import run_lock
    from churnlens.simulation import simulate_customers

    context = open_project(env, data_root=data_root)
    demo = simulate_customers(customers, seed)
    with run_lock(root_of(context)):
        _refuse_to_replace(context)
        context.catalog.save("demo_truth_rows", demo.truth_rows)
        context.catalog.save("demo_truth", demo.truth)
        context.catalog.save("demo_customers", demo.customers)
    click.echo(f"{customers} customers and the planted truth are in 01_raw of the data root")


def _refuse_to_replace(context: KedroContext) -> None:
    """Refuse to write over customers that are no demo."""
    from churnlens.tasks.churn.truth import fits

    if not context.catalog.exists("demo_customers"):
        return
    truth, key = context.catalog.load("demo_truth"), context.catalog.load("schema")["key"]
    keys = context.catalog.load("demo_customers").get(key, ())
    if truth is None or not fits(truth, keys):
        raise click.ClickException(
            "01_raw/customers.csv is a table of your own, which demo data would replace; next: "
            "move it, or give the demo its own folder with --data-root DIR"
        )


@click.command("check-data", cls=PlainCommand)
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--encoding", default=None, help="Of FILE (default: found out).")
@click.option("--schema", "-s", default=None, help="Schema file (default: the project's).")
@environment
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
