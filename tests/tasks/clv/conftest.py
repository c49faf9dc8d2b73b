import pytest

from churnlens.schema import read_schema


@pytest.fixture(scope="session")
def schema(project):
    return read_schema(project / "conf/base/schemas/telco.yml")


@pytest.fixture(scope="session")
def demo(schema):
    """Demo customers, the table as it is validated, a year of bills and the ledger of it."""
    from types import SimpleNamespace

    from churnlens.pipelines.data_processing.validation import find_faults
    from churnlens.simulation import simulate_customers, simulate_ledger
    from churnlens.tasks.clv.contracts import ledger_of_bills, ledger_predictors

    people = simulate_customers(3000, seed=5)
    year = simulate_ledger(people, seed=5)
    table, faults = find_faults(people.customers, schema)
    assert not faults
    return SimpleNamespace(
        people=people,
        year=year,
        table=table,
        ledger=ledger_of_bills(table, year.bills, schema),
        columns=ledger_predictors(table, schema),
    )
