from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from churnlens.simulation.churn import draw_customers
from churnlens.simulation.reasons import COUNT_SHARES, REASONS, choose_reasons

ROWS = 120_000


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return draw_customers(ROWS, np.random.default_rng(1), np.random.default_rng(2))[0]


@pytest.fixture(scope="module")
def mentions(table) -> pd.DataFrame:
    chosen = choose_reasons(table, np.random.default_rng(3))
    rows = [(row, topic, polarity) for row, each in enumerate(chosen) for topic, polarity in each]
    return pd.DataFrame(rows, columns=["row", "topic", "polarity"])


def test_one_to_three_different_topics_in_the_declared_shares(mentions):
    counts = mentions.groupby("row").size()
    assert len(counts) == ROWS
    assert not mentions.duplicated(["row", "topic"]).any()
    shares = counts.value_counts(normalize=True)
    for count, share in enumerate(COUNT_SHARES, start=1):
        assert shares[count] == pytest.approx(share, abs=0.006)


def test_offline_customers_never_talk_about_the_internet(table, mentions):
    offline = (table.InternetService == "No").to_numpy()[mentions.row]
    online_only = mentions.topic.map({name: reason.online for name, reason in REASONS.items()})
    assert not (offline & online_only).any()
    assert set(mentions.topic[offline]) == {n for n, reason in REASONS.items() if not reason.online}


@pytest.mark.parametrize("topic", REASONS)
def test_declared_odds_ratios_of_a_complaint_are_recovered(table, mentions, topic):
    said = mentions[mentions.topic == topic]
    conditions = {"Churn=Yes": 1.0, "gender=Male": 1.0, **REASONS[topic].odds_ratios}
    design = {}
    for condition in conditions:
        column, value = condition.split("=")
        design[condition] = (table[column].to_numpy()[said.row] == value).astype(float)
    complains = (said.polarity == "complaint").to_numpy(float)
    fit = sm.Logit(complains, sm.add_constant(pd.DataFrame(design))).fit(disp=0)
    planted = pd.Series({"const": REASONS[topic].odds, **conditions})
    scores = (fit.params - np.log(planted)) / fit.bse
    assert (scores.abs() < 3.5).all(), scores


def test_mentioning_a_topic_does_not_depend_on_the_outcome(table, mentions):
    """Given internet service; so a null reason stays null inside such a cohort."""
    online = np.flatnonzero(table.InternetService != "No")
    left = (table.Churn == "Yes").to_numpy()[online]
    for topic in REASONS:
        said = np.isin(online, mentions.row[mentions.topic == topic])
        gap = said[left].mean() - said[~left].mean()
        error = np.sqrt(said.var() * (1 / left.sum() + 1 / (~left).sum()))
        assert abs(gap) < 3.5 * error, topic


def test_both_outcomes_complain_and_praise(table, mentions):
    left = (table.Churn == "Yes").to_numpy()[mentions.row]
    complaint = (mentions.polarity == "complaint").to_numpy()
    assert 0.5 < complaint[left].mean() < 0.7
    assert 0.35 < complaint[~left].mean() < 0.5
