"""Filters of the bench and the rows that they select."""

import pandas as pd
import pytest

from churnlens.evaluation.oracle import complement, oracle_mask
from evaluation.bench_support import FIBER, SENIOR, read_filter, real_table, synthetic_table

AGES = pd.DataFrame(
    {"t": [0.0, 6.0, 7.0, 12.0], "s": [0, 1, 1, 0], "k": ["a", "b", "c", "a"]}, index=[9, 8, 7, 6]
)


@pytest.mark.parametrize(
    ("rows", "wanted"),
    [
        ([], [1, 1, 1, 1]),
        ([("t", "le", 6)], [1, 1, 0, 0]),
        ([("t", "lt", 6)], [1, 0, 0, 0]),
        ([("t", "ge", 7)], [0, 0, 1, 1]),
        ([("t", "gt", 7)], [0, 0, 0, 1]),
        ([("t", "eq", 12)], [0, 0, 0, 1]),
        ([("s", "eq", "1")], [0, 1, 1, 0]),
        ([("k", "ne", "a")], [0, 1, 1, 0]),
        ([("k", "in", ["a", "c"])], [1, 0, 1, 1]),
        ([("k", "not_in", ["a", "c"])], [0, 1, 0, 0]),
        ([("t", "not_in", [0, 7])], [0, 1, 0, 1]),
        ([("k", "eq", "a"), ("t", "gt", 0)], [0, 0, 0, 1]),
    ],
)
def test_mask_of_each_operator(rows, wanted):
    conditions = read_filter(*({"column": c, "op": o, "value": v} for c, o, v in rows))
    mask = oracle_mask(conditions, AGES)
    assert mask.tolist() == [bool(each) for each in wanted]
    assert mask.index.equals(AGES.index)


def test_mask_of_alternatives_and_of_a_quantile():
    late = {"column": "t", "op": "ge", "quantile": 0.75}
    assert oracle_mask(read_filter(late), AGES).tolist() == [False, False, False, True]
    either = {"any_of": [late, {"column": "k", "op": "eq", "value": "b"}]}
    assert oracle_mask(read_filter(either), AGES).tolist() == [False, True, False, True]


def test_real_counts_known_from_the_literature():
    table = real_table()
    for column, value, size in (
        ("InternetService", "Fiber optic", 3096),
        ("Contract", "Month-to-month", 3875),
        ("PaymentMethod", "Electronic check", 2365),
        ("SeniorCitizen", "1", 1142),
    ):
        row = {"column": column, "op": "eq", "value": value}
        assert oracle_mask(read_filter(row), table).sum() == size


def test_complement_of_conjunction_and_of_alternatives():
    table = synthetic_table(500)
    both = read_filter(FIBER, {"column": "tenure", "op": "ge", "value": 12})
    either = read_filter({"any_of": [FIBER, SENIOR]})
    for part in (both, either, both[:1]):
        assert (oracle_mask(part, table) ^ oracle_mask(complement(part), table)).all()
    for part in ((), both + either):
        with pytest.raises(ValueError, match="the rest of a group"):
            complement(part)
