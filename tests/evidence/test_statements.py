import pytest

from churnlens.evidence.intervals import Estimate
from churnlens.evidence.statements import Ledger, Statistic


def cell(measure, value, low=None, high=None) -> Statistic:
    return Statistic(
        about="customers",
        measure=measure,
        value=value,
        interval=None if low is None else (low, high),
        n=10,
    )


@pytest.mark.parametrize(
    ("statistic", "english", "chinese"),
    [
        (cell("customers", 3096), "3,096", "3,096"),
        (cell("rate", 0.41893), "41.9 %", "41.9%"),
        (cell("difference", -0.0512), "-5.1 points", "-5.1 个百分点"),
        (cell("risk_ratio", 2.8849), "2.88", "2.88"),
    ],
)
def test_values_are_printed_by_their_unit(statistic, english, chinese):
    assert statistic.shown("en") == english
    assert statistic.shown("zh") == chinese


def test_intervals_carry_the_unit_once():
    assert cell("rate", 0.419, 0.402, 0.436).shown_interval("en") == "40.2–43.6 %"
    assert cell("rate", 0.419, 0.402, 0.436).shown_interval("zh") == "40.2–43.6%"
    assert cell("odds_ratio", 1.6, 1.13, 2.26).shown_interval("en") == "1.13–2.26"
    assert cell("difference", 0.01, -0.02, 0.04).shown_interval("en") == "-2.0 – 4.0"
    assert cell("customers", 12).shown_interval("en") == ""


def test_the_ledger_numbers_what_it_is_given_and_skips_what_is_not_there():
    ledger = Ledger()
    assert ledger.add("a", "customers", 12, 12) == "S1"
    assert ledger.add("a", "risk_ratio", None, 12) == ""
    assert ledger.add("a", "rate", Estimate(value=0.5, low=0.4, high=0.6), 12) == "S2"
    assert ledger.statistics["S2"].low == 0.4
    assert list(ledger.statistics) == ["S1", "S2"]
