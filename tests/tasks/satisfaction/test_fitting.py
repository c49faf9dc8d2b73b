from dataclasses import replace

import numpy as np
import pytest

from churnlens.dialogues.form import Scale
from churnlens.evaluation.ordinal import mae
from churnlens.models.training.faults import TrainingError
from churnlens.options import HeadOptions, ScorerOptions, TurnOptions
from churnlens.tasks.satisfaction.fitting import fit_scorer, head_rows, load_scorer, out_of_fold
from churnlens.tasks.satisfaction.floor import fit_floor
from tasks.satisfaction.support import planted_rows

ROWS = planted_rows(240)
TRAINING, VALIDATION = ROWS[:180], ROWS[180:]
NEW = planted_rows(150, seed=5)
TRUTH = np.array([row.rating for row in NEW])
HEAD = HeadOptions(
    dtype="float32", rank=4, alpha=8, learning_rate=5e-3, epochs=1, max_length=24, balance="weights"
)


def test_the_floor_alone():
    fitted = fit_scorer(TRAINING, VALIDATION, ScorerOptions())
    assert (fitted.head, fitted.weight, fitted.history) == (None, 0, ())
    assert fitted.calibration.turns == 240
    rated = load_scorer(fitted, None).rate(NEW)
    assert mae(TRUTH, rated.expected) < 0.6 < mae(TRUTH, np.full(150, 3))
    assert rated.sets[np.arange(150), TRUTH - 1].mean() > 0.8


def test_ratings_of_two_scales_are_refused_unless_levels_are_learnt():
    ten = [row.model_copy(update={"scale": Scale(low=0, high=10)}) for row in TRAINING[:9]]
    rows = [*ten, *TRAINING[9:]]
    with pytest.raises(TrainingError, match="231 turns rated 1 to 5, 9 turns rated 0 to 10"):
        fit_scorer(rows, VALIDATION, ScorerOptions())
    levels = ScorerOptions(turns=TurnOptions(labels="level"))
    assert fit_scorer(rows, VALIDATION, levels).calibration.turns == 240


def test_no_floor_is_asked_about_its_own_dialogues(monkeypatch):
    learned = []

    def fit(rows, *options):
        learned.append({row.dialogue for row in rows})
        return fit_floor(rows, *options)

    monkeypatch.setattr("churnlens.tasks.satisfaction.fitting.fit_floor", fit)
    asked = []
    monkeypatch.setattr(
        "churnlens.tasks.satisfaction.floor.Floor.probabilities",
        lambda self, rows: asked.append({r.dialogue for r in rows}) or np.full((len(rows), 5), 0.2),
    )
    found = out_of_fold(ROWS, ScorerOptions(folds=4))
    assert found.shape == (240, 5) and len(asked) == 4
    assert not any(a & b for a, b in zip(asked, learned, strict=True))
    assert set().union(*asked) == {row.dialogue for row in ROWS}


def test_without_a_rated_row_it_says_so():
    bare = [row.model_copy(update={"ratings": ()}) for row in TRAINING[:8]]
    with pytest.raises(ValueError, match="no rated rows"):
        fit_scorer(bare, bare, ScorerOptions())


def test_a_model_of_no_weight_is_neither_loaded_nor_asked(tmp_path):
    fitted = fit_scorer(TRAINING, VALIDATION, ScorerOptions())
    beside = replace(fitted, head=tmp_path / "gone", weight=0.0)
    said = load_scorer(beside, tmp_path / "gone too").rate(NEW).probability
    assert said == pytest.approx(load_scorer(fitted, None).rate(NEW).probability)


def test_with_a_tuned_model(tiny_encoder, tmp_path):
    options = ScorerOptions(head=HEAD)
    fitted = fit_scorer(TRAINING, VALIDATION, options, model=tiny_encoder, checkpoints=tmp_path)
    assert fitted.head is not None and fitted.history
    assert 0 <= fitted.weight <= 1 and fitted.calibration.turns == 60
    both = load_scorer(fitted, tiny_encoder).rate(NEW)
    assert both.probability.sum(axis=1) == pytest.approx(1)
    alone = load_scorer(fitted, tiny_encoder).rate(NEW[:1])
    assert alone.probability[0] == pytest.approx(both.probability[0], abs=1e-5)


def unrated(row):
    return row.model_copy(update={"ratings": (), "id": row.id + "?"})


def test_what_is_unseen_is_said_by_floors_without_the_dialogue(tiny_encoder, tmp_path):
    """Also of turns that nobody rated, which change nothing else."""
    silent = [unrated(row) for row in VALIDATION[:8]]
    plain = fit_scorer(TRAINING, VALIDATION, ScorerOptions())
    fitted = fit_scorer(TRAINING, [*VALIDATION, *silent], ScorerOptions())
    assert fitted.floor == plain.floor
    assert fitted.calibration.turns == 240
    assert [row.id for row in fitted.unseen.rows] == [row.id for row in (*ROWS, *silent)]
    seen = load_scorer(plain, None).rate(ROWS)
    truth = np.array([row.rating for row in ROWS])
    assert mae(truth, seen.expected) < mae(truth, plain.unseen.expected)
    options = ScorerOptions(head=HEAD)
    given = (TRAINING, [*VALIDATION, *silent], options)
    tuned = fit_scorer(*given, model=tiny_encoder, checkpoints=tmp_path)
    assert tuned.unseen.rows == fitted.unseen.rows
    assert (tuned.unseen.expected[:180] == fitted.unseen.expected[:180]).all()
    assert tuned.unseen.dissatisfied.shape == (248,)
    assert (tuned.unseen.dissatisfied[180:] != fitted.unseen.dissatisfied[180:]).all()


def test_rows_of_the_head():
    level = ScorerOptions(turns=TurnOptions(labels="level"))
    (first, *_) = head_rows(ROWS, level)
    one = np.eye(3)[1 + np.sign(ROWS[0].rating - 3)].tolist()
    assert first == {"id": "d0#0", "text": ROWS[0].text, "label": one}
    assert {row["label"].index(1) for row in head_rows(ROWS, ScorerOptions())} == {0, 1, 2, 3, 4}


def test_a_label_is_what_the_raters_said():
    row = ROWS[0].model_copy(update={"ratings": (2, 2, 3)})
    [shared] = head_rows([row], ScorerOptions())
    [whole] = head_rows([row], ScorerOptions(raters=False))
    assert shared["label"] == pytest.approx([0, 2 / 3, 1 / 3, 0, 0])
    assert whole["label"] == [0, 1, 0, 0, 0]
