import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from churnlens.evaluation.classification import ece
from churnlens.evaluation.ordinal import top_ece
from churnlens.options import CalibrationOptions, FloorOptions, TurnOptions
from churnlens.tasks.satisfaction.calibration import (
    CalibratedScorer,
    Calibration,
    calibrate,
    rated_as,
)
from churnlens.tasks.satisfaction.floor import fit_floor
from tasks.satisfaction.support import planted_rows

LABELS = (1, 2, 3, 4, 5)
SCALE, OFFSETS = 0.5, np.array([0.0, 0.5, 2.0, 0.5, -1.0])


def draws(n, seed=0):
    """Raw probabilities, and labels drawn from what they are when corrected."""
    rng = np.random.default_rng(seed)
    raw = softmax(rng.normal(0, 2, (n, 5)), axis=1)
    true = softmax(SCALE * np.log(raw) + OFFSETS, axis=1)
    labels = (rng.random((n, 1)) > true.cumsum(axis=1)).sum(axis=1).clip(0, 4) + 1
    return raw, true, labels


RAW, TRUE, TRUTH = draws(6000)
DIALOGUES = np.arange(6000) // 6
FITTED = calibrate(TRUTH, RAW, LABELS, DIALOGUES, CalibrationOptions())


def test_a_known_distortion_is_found():
    assert pytest.approx(SCALE, abs=0.05) == FITTED.scale
    centred = np.array(FITTED.offsets) - np.mean(FITTED.offsets)
    assert centred == pytest.approx(OFFSETS - OFFSETS.mean(), abs=0.15)
    assert np.abs(FITTED.corrected(RAW) - TRUE).mean() < 0.02


def test_it_holds_on_others():
    raw, _, truth = draws(6000, seed=1)
    rated = rated_as(raw, FITTED)
    assert top_ece(truth - 1, rated.probability) < 0.03 < top_ece(truth - 1, raw)
    assert ece(truth < 3, rated.dissatisfied) < 0.03
    held = rated.sets[np.arange(6000), truth - 1].mean()
    assert held == pytest.approx(0.9, abs=0.02)
    assert rated.expected == pytest.approx(rated.probability @ np.arange(1, 6))


def test_the_temperature_alone_keeps_the_order():
    only = calibrate(TRUTH, RAW, LABELS, DIALOGUES, CalibrationOptions(method="temperature"))
    assert set(only.offsets) == {0}
    assert (only.corrected(RAW).argmax(axis=1) == RAW.argmax(axis=1)).all()


def test_platt_is_the_identity_where_all_is_well():
    assert (FITTED.slope, FITTED.intercept) == pytest.approx((1, 0), abs=0.1)


def test_the_answer_makes_up_for_rare_labels():
    p = np.array([[0.05, 0.1, 0.7, 0.1, 0.05]])
    shares = (0.01, 0.05, 0.9, 0.03, 0.01)
    said = {
        balance: int(FITTED.model_copy(update={"shares": shares, "balance": balance}).said(p)[0])
        for balance in (0.0, 1.0)
    }
    assert said == {0.0: 3, 1.0: 1}


@pytest.mark.parametrize("truth", [[3, 3, 3], [1, 1, 2], [5, 4, 1]])
def test_few_turns_and_few_labels(truth):
    fitted = calibrate(np.array(truth), RAW[:3], LABELS, [1, 2, 3], CalibrationOptions())
    rated = rated_as(RAW, fitted)
    assert np.isfinite(rated.probability).all() and np.isfinite(rated.dissatisfied).all()
    assert rated.sets.all()  # three dialogues promise nothing
    assert set(rated.said) <= set(LABELS)


def test_three_classes_have_their_own_middle():
    fitted = calibrate(np.array([0, 1, 2]), np.eye(3), (0, 1, 2), [1, 2, 3], CalibrationOptions())
    assert fitted.middle == 1


def test_it_is_stored_as_json():
    assert Calibration.model_validate_json(FITTED.model_dump_json()) == FITTED


@pytest.mark.parametrize("truth", [[], [9]])
def test_no_turns_and_no_labels_are_refused(truth):
    with pytest.raises(ValueError, match=r"need probabilities|must be among|not among"):
        calibrate(np.array(truth), RAW[: len(truth)], LABELS, truth, CalibrationOptions())


@settings(max_examples=25)
@given(st.lists(st.floats(0, 1), min_size=5, max_size=5).filter(any))
def test_any_row_of_probabilities_gives_one(numbers):
    p = np.array([numbers]) / sum(numbers)
    rated = rated_as(p, FITTED)
    assert rated.probability.sum() == pytest.approx(1)
    assert 0 <= rated.dissatisfied[0] <= 1 and 1 <= rated.expected[0] <= 5
    assert rated.sets.any()


def test_one_turn_at_a_time_and_all_at_once():
    rows = planted_rows(60)
    floor = fit_floor(rows, TurnOptions(), FloorOptions())
    scorer = CalibratedScorer(floor, FITTED)
    whole = scorer.rate(rows)
    for at, row in enumerate(rows[:10]):
        one = scorer.rate([row])
        assert one.probability[0] == pytest.approx(whole.probability[at])
        assert one.dissatisfied[0] == pytest.approx(whole.dissatisfied[at])
        assert (one.said[0], list(one.sets[0])) == (whole.said[at], list(whole.sets[at]))
