import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from bank import bank_customers
from churnlens.models.risk import LeakError
from churnlens.options import FinetuningOptions
from churnlens.pipelines.data_processing.churn.nodes import select_table
from churnlens.pipelines.data_processing.validation import find_faults
from churnlens.pipelines.finetuning import students
from churnlens.pipelines.finetuning.churn.nodes import (
    fit_risk_models,
    predict_out_of_fold,
    train_student,
    who_left,
)
from churnlens.schema import parse_schema

ROOT = Path(__file__).parents[4]
BANK = yaml.safe_load((ROOT / "tests" / "schemas" / "bank.yml").read_text(encoding="utf-8"))
OPTIONS = FinetuningOptions(repeats=2, folds=3)


@pytest.fixture(scope="module")
def table():
    typed, faults = find_faults(bank_customers(400).astype(str), parse_schema(BANK))
    assert not faults
    return select_table(typed, BANK)[0]


@pytest.fixture(scope="module")
def models(table):
    return fit_risk_models(table, BANK, OPTIONS)


def test_who_left_is_what_the_file_says(table):
    left = who_left(table, parse_schema(BANK))
    assert left.tolist() == (bank_customers(400)["Exited"] == 1).tolist()


def test_both_models_are_plain_and_the_same_each_time(table, models):
    assert json.loads(json.dumps(models)) == list(models)
    assert fit_risk_models(table, BANK, OPTIONS) == models


def test_every_customer_is_predicted_once_a_repeat_by_models_that_rank(table, models):
    folds, risk = predict_out_of_fold(table, BANK, models[0], OPTIONS)
    assert len(folds) == OPTIONS.repeats * len(table)
    assert folds.groupby("repeat")["row"].nunique().tolist() == [len(table)] * OPTIONS.repeats
    assert folds["fold"].nunique() == OPTIONS.folds
    assert len(risk) == len(table)
    left = np.tile(who_left(table, parse_schema(BANK)), OPTIONS.repeats)
    for name in ("scorecard", "boosting"):
        assert folds[name].between(0, 1).all()
        assert folds.loc[left, name].mean() > folds.loc[~left, name].mean() + 0.1


def test_a_column_that_knows_the_outcome_stops_the_run(table, models):
    told = table.assign(HasCrCard=table["Exited"])
    with pytest.raises(LeakError, match=r"HasCrCard 1\.000"):
        predict_out_of_fold(told, BANK, models[0], OPTIONS)


def test_a_student_learns_only_rows_in_its_languages_evenly_from_families(monkeypatch, tmp_path):
    seen = {}

    def train(training, validation, **settings):
        seen.update(settings, training=training, validation=validation)
        return type("Trained", (), {"folder": tmp_path, "history": [{"step": 1}]})

    monkeypatch.setattr(students, "train", train)
    monkeypatch.setattr(students, "check_rows", lambda *given: None)
    monkeypatch.setattr(students, "verify", lambda spec, root: root / spec.name)
    entry = {"kind": "causal_lm", "base": "none/tiny", "licence": "MIT", "languages": ["en"]}
    lock = {"models": {"tiny": entry | {"source": "local", "path": "nowhere"}}}
    rows = [
        {"id": f"{family}{n}", "family": family, "language": language}
        for family, language in (("a", "en"), ("b", "en"), ("c", "zh"))
        for n in range(3)
    ]
    options = FinetuningOptions(student="tiny", max_rows=4, max_validation_rows=1)
    splits = {"training": rows, "validation": rows[:3]}
    folder, history = train_student(splits, lock, str(tmp_path), tmp_path / "work", options)
    assert (folder, history) == (tmp_path, [{"step": 1}])
    assert [row["id"] for row in seen["training"]] == ["a0", "a1", "b0", "b1"]
    assert [row["id"] for row in seen["validation"]] == ["a0"]
    assert seen["model"] == tmp_path / "tiny"
    assert seen["checkpoints"] == tmp_path / "work"
