from datetime import date

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from churnlens.options import SplitOptions
from churnlens.tasks.clv.features import FEATURES, features_at, rows_at, target_at, temporal_split
from churnlens.tasks.clv.readers import TransactionError
from tasks.clv.clv_support import shop

CUT = date(2024, 7, 1)


def purchases(*rows):
    frame = pd.DataFrame(rows, columns=["customer_id", "date", "amount"])
    return frame.assign(date=pd.to_datetime(frame["date"]))


def test_features_by_hand():
    table = purchases(
        ("a", "2024-01-01", 10.0),
        ("a", "2024-01-15", 20.0),
        ("a", "2024-01-15", 4.0),
        ("a", "2024-06-24", 12.0),
        ("a", "2024-07-01", 99.0),
        ("b", "2024-06-30", 7.0),
        ("c", "2024-07-02", 8.0),
    )
    a, b = features_at(table, CUT).to_dict("records")
    assert a["frequency"] == 2  # days, not rows; the first one is not a repeat
    assert a["recency_weeks"] == 25
    assert a["age_weeks"] == pytest.approx(181 / 7)
    assert a["idle_weeks"] == pytest.approx(6 / 7)
    assert (a["repeat_mean"], a["total"], a["mean_amount"]) == (18, 46, pytest.approx(46 / 3))
    assert (a["spend_90d"], a["purchases_90d"], a["spend_180d"]) == (12, 1, 36)
    assert (b["frequency"], b["recency_weeks"], b["age_weeks"], b["repeat_mean"]) == (0, 0, 0, 0)


def test_the_target_begins_with_the_cut_and_ends_before_its_last_day():
    table = purchases(
        ("a", "2024-06-30", 1.0),
        ("a", "2024-07-01", 2.0),
        ("a", "2024-07-10", 4.0),
        ("b", "2024-07-11", 8.0),
    )
    assert target_at(table, pd.Series(["a", "b"]), CUT, 10).tolist() == [6, 0]
    assert target_at(table, pd.Series(["a", "b"]), CUT, 11).tolist() == [6, 8]


def test_nothing_after_the_cut_moves_a_feature():
    table = shop(60)
    later = table["date"] >= pd.Timestamp(CUT)
    changed = table.assign(amount=np.where(later, 1e6, table["amount"]))
    pd.testing.assert_frame_equal(features_at(table, CUT), features_at(changed, CUT))


def test_training_targets_end_before_the_test_cut():
    table = shop(60)
    options = SplitOptions(
        train=(date(2024, 7, 1), date(2024, 10, 1)), test=date(2025, 1, 1), days=90
    )
    train, test = temporal_split(table, options)
    late = table["date"] >= pd.Timestamp(options.test)
    again, _ = temporal_split(table.assign(amount=table["amount"].mask(late, 1e6)), options)
    pd.testing.assert_frame_equal(train, again)
    assert sorted(train["cut"].unique()) == ["2024-07-01", "2024-10-01"]
    assert set(FEATURES) < set(test) and test["cut"].unique() == ["2025-01-01"]
    pd.testing.assert_frame_equal(test, rows_at(table, options.test, 90))


def test_cuts_that_overlap_are_refused():
    with pytest.raises(ValidationError, match="expected cuts at least 90 days apart"):
        SplitOptions(train=(date(2024, 7, 1), date(2024, 10, 1)), test=date(2024, 12, 1), days=90)


def test_an_observation_that_ends_before_the_target_is_refused():
    options = SplitOptions(
        train=(date(2024, 7, 1), date(2024, 10, 1)), test=date(2025, 9, 1), days=90
    )
    with pytest.raises(TransactionError, match="the test target of 90 days begins at 2025-09-01"):
        temporal_split(shop(60), options)


def test_nobody_before_the_cut_is_refused():
    with pytest.raises(TransactionError, match="nobody bought before 2020-01-01"):
        features_at(shop(20), date(2020, 1, 1))
