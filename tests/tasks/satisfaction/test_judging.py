"""Figures against other libraries, and floors that are what they say."""

import json
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, f1_score

from churnlens.options import (
    AlertScoreOptions,
    FaithfulnessOptions,
    SatisfactionReportingOptions,
    TurnOptions,
)
from churnlens.tasks.satisfaction import judging
from churnlens.tasks.satisfaction.turns import rated, truth_of, turn_rows
from tasks.satisfaction.deskwork import BOOK, OPTIONS, demo, desk, fitted
from tasks.satisfaction.support import FINDER

QUICK = SatisfactionReportingOptions(
    resamples=100, traced=6, faithfulness=FaithfulnessOptions(resamples=100, draws=3)
)
TEST = demo(60, 23)


@pytest.fixture(scope="module")
def turns():
    learned = judging.learned_labels(demo(), OPTIONS.turns)
    return judging.judge_turns(TEST, desk(), fitted().floor, learned, QUICK)


def rows():
    return rated(row for each in TEST for row in turn_rows(each, OPTIONS.turns))


def test_scores_are_those_of_another_library(turns):
    truth, said = truth_of(rows(), OPTIONS.turns), desk().scorer.rate(rows()).said
    labels = [1, 2, 3, 4, 5]
    qwk = cohen_kappa_score(truth, said, weights="quadratic", labels=labels)
    assert turns["scores"]["model"]["qwk"].value == pytest.approx(qwk)
    plain = np.array(labels)[fitted().floor.probabilities(rows()).argmax(axis=1)]
    gap = f1_score(truth, said, average="macro") - f1_score(truth, plain, average="macro")
    assert turns["against_floor"]["macro_f1"].value == pytest.approx(gap)
    assert np.sum(turns["confusion"]) == turns["turns"] == len(truth)
    assert np.trace(np.array(turns["confusion"])) == (truth == said).sum()


def test_floors_know_nothing(turns):
    assert turns["scores"]["always_3"]["qwk"].value == 0
    assert turns["scores"]["majority"]["qwk"].value == 0
    assert set(turns["scores"]) == {"model", "tfidf", "always_3", "majority", "base_rate"}
    assert turns["scores"]["model"]["qwk"].value > 0.2


def unrated(dialogue):
    return tuple(turn.model_copy(update={"ratings": ()}) for turn in dialogue.turns)


def test_whole_dialogues_alerts_and_reasons():
    found = desk().assess(TEST)
    wholes = judging.judge_wholes(TEST, found, desk(), QUICK)
    truth = [np.mean(each.overall) for each in TEST]
    error = np.mean([abs(a.overall - t) for a, t in zip(found, truth, strict=True)])
    assert wholes["mae"]["model"].value == pytest.approx(error)
    alerts = judging.judge_alerts(TEST, found, desk(), FINDER, AlertScoreOptions(resamples=100))
    assert alerts["always"].messages == 100
    assert alerts["model"].dialogues == len(TEST)
    silent = [each.model_copy(update={"turns": unrated(each)}) for each in TEST[:30]]
    more, again = [*TEST, *silent], [*found, *found[:30]]
    more_alerts = judging.judge_alerts(
        more, again, desk(), FINDER, AlertScoreOptions(resamples=100)
    )
    assert more_alerts == alerts
    reasons = judging.judge_reasons(TEST, desk(), QUICK)
    assert set(reasons.labels) == set(BOOK.labels) and sum(map(sum, reasons.counts)) == len(TEST)


def test_without_truth_there_is_no_figure():
    bare = [each.model_copy(update={"overall": (), "labels": {}}) for each in TEST[:4]]
    assert judging.judge_wholes(bare, desk().assess(bare), desk(), QUICK) is None
    assert judging.judge_reasons(bare, desk(), QUICK) is None
    ahead = replace(desk(), turns=TurnOptions(kind="predict", context=2))
    assert judging.judge_traces(TEST, ahead, QUICK) is None


def test_traces_are_judged_and_everything_is_plain(turns):
    traces = judging.judge_traces(TEST, desk(), QUICK)
    assert traces["texts"] >= 3 and isinstance(traces["is_faithful"], bool)
    told = judging.plain({"turns": turns, "traces": traces, "none": float("nan")})
    assert json.loads(json.dumps(told, allow_nan=False))["none"] is None
