import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from churnlens.options import SegmentOptions
from churnlens.tasks.clv.segments import (
    NAMES,
    Borders,
    assign_segments,
    fit_borders,
    segment_table,
    stability,
)

BORDERS = Borders(low=10, high=100, at_risk=0.3)


def values(*rows):
    frame = pd.DataFrame(rows, columns=["customer_id", "clv", "p_leave"])
    return frame.assign(value_at_risk=1.0)


def test_every_corner_has_its_name():
    rows = [
        ("a", 100, 0.1),
        ("b", 100, 0.3),
        ("c", 10, 0.1),
        ("d", 99, 0.9),
        ("e", 9, 0.0),
        ("f", 0, 0.5),
        ("g", 0, 1.0),
    ]
    found = assign_segments(values(*rows), BORDERS)["segment"].tolist()
    assert found == list(NAMES)


def test_borders_hold_the_shares_of_who_is_still_there():
    rows = [(f"C{n}", float(n), 0.0) for n in range(100)] + [("gone", 1e9, 1.0)]
    borders = fit_borders(values(*rows), SegmentOptions(high=0.2, low=0.4))
    counts = assign_segments(values(*rows), borders)["segment"].value_counts()
    assert (counts["champions"], counts["steady"], counts["small"], counts["lost"]) == (
        20,
        40,
        40,
        1,
    )


def test_who_has_probably_stopped_is_lost_where_no_contract_ends():
    rows = values(("a", 50, 0.89), ("b", 50, 0.9))
    borders = fit_borders(rows, SegmentOptions(), lost=0.9)
    assert assign_segments(rows, borders)["segment"].tolist() == ["champions_at_risk", "lost"]
    with pytest.raises(ValueError, match="every customer has left"):
        fit_borders(rows, SegmentOptions(), lost=0.5)


def test_ranks_are_unique_and_ties_go_by_key_whatever_the_order():
    table = values(("b", 5, 0), ("a", 5, 0), ("c", 9, 0))
    assert assign_segments(table, BORDERS)["rank"].tolist() == [3, 2, 1]
    turned = assign_segments(table.iloc[::-1].reset_index(drop=True), BORDERS)
    assert dict(zip(turned["customer_id"], turned["rank"], strict=True)) == {"c": 1, "a": 2, "b": 3}


def test_a_customers_segment_rests_on_nobody_else():
    rng = np.random.default_rng(1)
    table = values(*((f"C{n}", rng.gamma(1, 50), rng.random()) for n in range(200)))
    whole, part = assign_segments(table, BORDERS), assign_segments(table.head(50), BORDERS)
    assert stability(whole, part) == 1
    assert stability(whole, assign_segments(table.assign(clv=0.0), BORDERS)) < 1


def test_segments_are_summed():
    table = segment_table(
        assign_segments(values(("a", 200, 0), ("b", 300, 0), ("c", 1, 0)), BORDERS)
    )
    assert table.iloc[0].to_dict() == {
        "segment": "champions",
        "customers": 2,
        "clv": 500,
        "mean_clv": 250,
        "value_at_risk": 2,
    }


def test_nobody_left_to_segment_or_to_compare_is_refused():
    with pytest.raises(ValueError, match="every customer has left"):
        fit_borders(values(("a", 0, 1.0)), SegmentOptions())
    one, other = (assign_segments(values((key, 1, 0)), BORDERS) for key in "ab")
    with pytest.raises(ValueError, match="no customer is in both"):
        stability(one, other)


def test_shares_that_leave_no_middle_are_refused():
    with pytest.raises(ValidationError, match="leave no middle"):
        SegmentOptions(high=0.6, low=0.4)
