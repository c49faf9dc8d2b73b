from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlens.options import SplitOptions
from churnlens.tasks.clv.cuts import check_split, derive_split, first_unknown_day
from churnlens.tasks.clv.readers import TransactionError


def test_contracts_are_cut_at_the_first_of_a_month_and_purchases_at_any_day():
    split = derive_split(date(2025, 1, 1), date(2025, 12, 1), "contract", 90, 2)
    assert (*split.train, split.test) == (date(2025, 4, 1), date(2025, 7, 1), date(2025, 10, 1))
    split = derive_split(date(1997, 1, 1), date(1998, 6, 30), "repeat", 90, 3)
    assert split.test == date(1998, 4, 2) and split.train[0] == date(1997, 7, 6)


def test_too_short_a_time_is_refused():
    with pytest.raises(TransactionError, match="expected at least 315 days"):
        derive_split(date(2025, 1, 1), date(2025, 8, 1), "repeat", 90, 2)


@given(
    st.dates(date(2000, 1, 1), date(2090, 1, 1)),
    st.sampled_from(["repeat", "contract"]),
    st.integers(28, 200),
    st.integers(2, 5),
)
def test_every_target_ends_before_the_next_cut_and_was_observed(last, kind, days, cuts):
    split = derive_split(date(1990, 1, 1), last, kind, days, cuts)
    ends = [(cut.toordinal() + days) for cut in (*split.train, split.test)]
    starts = [cut.toordinal() for cut in (*split.train[1:], split.test)]
    assert all(end <= start for end, start in zip(ends, starts, strict=False))
    assert ends[-1] <= first_unknown_day(last, kind).toordinal()


NAMED = SplitOptions(train=(date(2024, 4, 1), date(2024, 7, 1)), test=date(2024, 10, 1), days=90)


def test_named_cuts_must_lie_in_what_was_seen():
    assert check_split(NAMED, date(2024, 3, 31), date(2024, 12, 30)) == NAMED
    with pytest.raises(TransactionError, match="end of the test target at 2024-12-30.*by 2024-12"):
        check_split(NAMED, date(2024, 1, 1), date(2024, 12, 29))
    with pytest.raises(TransactionError, match="after the first transaction of 2024-04-01"):
        check_split(NAMED, date(2024, 4, 1), date(2025, 6, 1))
