"""Commands about data: demo data, and the check of a file of your own."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import click

from churnlens.cli.opening import environment, open_project, shared
from churnlens.cli.plain import PlainCommand

if TYPE_CHECKING:
    from kedro.framework.context import KedroContext

    from churnlens.simulation import ChurnDemo, DialogueDemo, LedgerDemo

NEXT = "next: move it, or give the demo its own folder with --data-root DIR"


@click.command("demo-data", cls=PlainCommand)
@click.option(
    "--customers",
    default=7043,
    show_default=True,
    type=click.IntRange(min=1),
    help="Rows of the table.",
)
@click.option(
    "--dialogues",
    default=600,
    show_default=True,
    type=click.IntRange(min=1, max=100_000),
    help="Service dialogues, of customers of the table.",
)
@click.option(
    "--bills/--no-bills",
    default=True,
    show_default=True,
    help="A year of bills of the customers of the table.",
)
@click.option("--seed", default=7, show_default=True, help="Same seed, same bytes.")
@shared
def demo_data(
    customers: int,
    dialogues: int,
    bills: bool,
    seed: int,
    data_root: str | None,
    env: str | None,
) -> None:
    """Write demo customers, dialogues and bills, and the truth planted in them, to 01_raw.

    customers.csv is CSV, utf-8; dialogues.jsonl has one JSON object a line, rated by three raters;
    bills.csv has customer_id, date, amount, cost (USD); the truth is in Parquet and JSON. Earlier
    demo data are replaced; a file of your own that lies there is not.
    """
    from churnlens.hooks import data_root as root_of
    from churnlens.hooks import run_lock
    from churnlens.simulation import simulate_customers, simulate_dialogues, simulate_ledger

    context = open_project(env, data_root=data_root)
    demo = simulate_customers(customers, seed)
    keys = demo.customers[context.catalog.load("schema")["key"]].tolist()
    spoken = simulate_dialogues(dialogues, seed, keys)
    year = simulate_ledger(demo, seed) if bills else None
    with run_lock(root_of(context)):
        _refuse_to_replace_customers(context)
        _refuse_to_replace_dialogues(context)
        if year:
            _refuse_to_replace_bills(context)
            _write_bills(context, year)
        _write_customers(context, demo)
        _write_dialogues(context, spoken)
    billed = f", with {len(year.bills)} bills of a year" if year else ""
    click.echo(
        f"{customers} customers and {dialogues} dialogues, and the planted truth, are in 01_raw of "
        f"the data root{billed}"
    )


def _write_customers(context: KedroContext, demo: ChurnDemo) -> None:
    context.catalog.save("demo_truth_rows", demo.truth_rows)
    context.catalog.save("demo_truth", demo.truth)
    context.catalog.save("demo_customers", demo.customers)


def _write_dialogues(context: KedroContext, demo: DialogueDemo) -> None:
    from churnlens.datasets.jsonl import dump_rows
    from churnlens.simulation import plain_rows

    text = dump_rows(plain_rows(demo)).decode("utf-8")
    context.catalog.save("demo_turn_truth", demo.turn_truth)
    context.catalog.save("demo_dialogue_truth", demo.dialogue_truth)
    context.catalog.save("demo_dialogue_facts", {"sha256": _sha256(text)})
    context.catalog.save("demo_dialogues", text)


def _write_bills(context: KedroContext, year: LedgerDemo) -> None:
    total = round(float(year.bills["amount"].sum()), 2)
    context.catalog.save("ledger_truth", year.truth_rows)
    context.catalog.save("ledger_facts", {**year.truth, "rows": len(year.bills), "total": total})
    context.catalog.save("demo_bills", year.bills)


def _refuse_to_replace_bills(context: KedroContext) -> None:
    """Refuse to write over bills that are no demo."""
    if not context.catalog.exists("demo_bills"):
        return
    facts, bills = context.catalog.load("ledger_facts") or {}, context.catalog.load("demo_bills")
    total = round(float(bills["amount"].astype(float).sum()), 2) if "amount" in bills else None
    if (facts.get("rows"), facts.get("total")) != (len(bills), total):
        raise click.ClickException(
            "01_raw/bills.csv is a file of your own, which demo data would replace; " + NEXT
        )


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _refuse_to_replace_customers(context: KedroContext) -> None:
    """Refuse to write over customers that are no demo."""
    from churnlens.tasks.churn.truth import fits

    if not context.catalog.exists("demo_customers"):
        return
    truth, key = context.catalog.load("demo_truth"), context.catalog.load("schema")["key"]
    keys = context.catalog.load("demo_customers").get(key, ())
    if truth is None or not fits(truth, keys):
        raise click.ClickException(
            "01_raw/customers.csv is a table of your own, which demo data would replace; " + NEXT
        )


def _refuse_to_replace_dialogues(context: KedroContext) -> None:
    """Refuse to write over dialogues that are no demo."""
    if not context.catalog.exists("demo_dialogues"):
        return
    facts = context.catalog.load("demo_dialogue_facts") or {}
    if facts.get("sha256") != _sha256(context.catalog.load("demo_dialogues")):
        raise click.ClickException(
            "01_raw/dialogues.jsonl is a file of your own, which demo data would replace; " + NEXT
        )


@click.command("check-data", cls=PlainCommand)
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option(
    "--task",
    type=click.Choice(["churn", "satisfaction", "service", "summary", "clv"]),
    default="churn",
    show_default=True,
    help="What FILE is for: a customer table, dialogues, rows of the assistant, or transactions.",
)
@click.option("--encoding", default=None, help="Of FILE (default: found out).")
@click.option(
    "--schema", "-s", default=None, help="Schema file of a table (default: the project's)."
)
@click.option(
    "--trade",
    default=None,
    help="What transactions mean: a file of conf/base/clv (default: the project's).",
)
@environment
def check_data(
    file: str,
    task: str,
    schema: str | None,
    trade: str | None,
    encoding: str | None,
    env: str | None,
) -> None:
    """Check FILE before any model loads; faults end with status 1.

    A table is delimited text (comma, semicolon or tab) with a header line; its schema is YAML.
    Dialogues are rows of one of eight forms: uss, jddc, tweetsumm, messages, sharegpt, alpaca,
    plain, table; rows to train the assistant on are alpaca, sharegpt or messages. Transactions are
    a table of customer_id, date and amount, or of the columns that the trade names
    (docs/value.md). All in utf-8, utf-8-sig, gbk, gb18030 or utf-16 (docs/data.md).
    """
    if trade and task != "clv":
        raise click.BadParameter("only transactions have a trade", param_hint="--trade")
    if task == "churn":
        _check_table(file, schema, encoding, env)
    elif schema:
        what = {"clv": "transactions", "service": "rows"}.get(task, "dialogues")
        raise click.BadParameter(f"{what} have no schema", param_hint="--schema")
    elif task == "clv":
        _check_transactions(file, trade, encoding, env)
    elif task == "service":
        _check_service_rows(file, encoding, env)
    else:
        _check_dialogues(file, encoding, env)


def _check_table(file: str, schema: str | None, encoding: str | None, env: str | None) -> None:
    from churnlens.datasets import RawTableDataset
    from churnlens.pipelines.data_processing.validation import explain, find_faults
    from churnlens.schema import parse_schema

    described = parse_schema(open_project(env, schema=schema).catalog.load("schema"))
    table, faults = find_faults(RawTableDataset(filepath=file, encoding=encoding).load(), described)
    if faults:
        raise click.ClickException(explain(faults, file))
    click.echo(f"{file}: {len(table)} rows fit schema {described.name}")


def _check_dialogues(file: str, encoding: str | None, env: str | None) -> None:
    from churnlens.datasets import RawTextDataset
    from churnlens.pipelines.data_processing.dialogue_files import describe, explain, read_file

    conf = open_project(env).config_loader["globals"]
    text = RawTextDataset(filepath=file, encoding=encoding).load()
    reading, form = read_file(text, conf["dialogue_form"], conf["dialogue_scale"])
    if reading.faults or not reading.dialogues:
        raise click.ClickException(explain(reading, file, form))
    click.echo(f"{file}: {describe(reading, form)}")


def _check_transactions(
    file: str, trade: str | None, encoding: str | None, env: str | None
) -> None:
    from churnlens.cli.values import check_transactions_file

    context = open_project(env, trade=trade)
    click.echo(f"{file}: {check_transactions_file(context, file, encoding)}")


def _check_service_rows(file: str, encoding: str | None, env: str | None) -> None:
    from churnlens.datasets import RawTextDataset
    from churnlens.tasks.service.book import read_book
    from churnlens.tasks.service.own_rows import parse_file
    from churnlens.tasks.service.row_check import check_rows, explain

    book = read_book(open_project(env).catalog.load("service_book"))
    rows = parse_file(RawTextDataset(filepath=file, encoding=encoding).load())
    checked = check_rows(rows, book.rules, book.handbook)
    if checked.faults or not rows:
        raise click.ClickException(f"{file}: {explain(checked)}")
    click.echo(f"{file}: {checked.rows} rows to train on, none at fault")
