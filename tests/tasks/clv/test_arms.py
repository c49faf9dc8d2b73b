from datetime import date

import numpy as np
import pandas as pd
import pytest

from churnlens.options import ClvModelOptions, SplitOptions, ValueOptions
from churnlens.tasks.clv.arms import (
    arms,
    coverage,
    deviance,
    fit_clv,
    lift,
    needed_level,
    predict_arms,
    spend_intervals,
    stacked,
)
from churnlens.tasks.clv.boosting import fit_tweedie, global_importance, main_contributions
from churnlens.tasks.clv.features import FEATURES, temporal_split
from churnlens.tasks.clv.readers import TransactionError
from churnlens.tasks.clv.repeat import fit_repeat
from churnlens.tasks.clv.repeat_value import repeat_values
from churnlens.tasks.clv.scoring import score_clv
from churnlens.tasks.clv.texts import (
    contract_texts,
    from_log_target,
    log_target,
    repeat_texts,
    smearing,
)
from churnlens.tasks.clv.tuning import SPACE, tune
from tasks.clv.clv_support import shop

OPTIONS = ClvModelOptions(rounds=40, draws=200)
TRIALS = OPTIONS.model_copy(update={"trials": 2})
SPLIT = SplitOptions(train=(date(2024, 7, 1), date(2024, 10, 1)), test=date(2025, 1, 1), days=90)


@pytest.fixture(scope="module")
def split():
    return temporal_split(shop(400), SPLIT)


@pytest.fixture(scope="module")
def model(split):
    return fit_clv(split[0], 90, OPTIONS)


@pytest.fixture(scope="module")
def predicted(model, split):
    return predict_arms(model, split[1], fit_repeat(split[1]))


def test_every_model_predicts_every_row(predicted, split):
    assert set(predicted) == set(arms("bg_nbd"))
    for values in predicted.values():
        assert (
            values.shape == (len(split[1]),) and np.isfinite(values).all() and (values >= 0).all()
        )


def test_floors_by_hand(predicted, split):
    rows = split[1]
    assert not predicted["zero"].any()
    assert predicted["last_period"] == pytest.approx(rows["spend_90d"].to_numpy())
    first = rows.iloc[0]
    assert predicted["mean_rate"][0] == pytest.approx(
        first["total"] / (first["age_weeks"] * 7) * 90
    )


def test_the_stack_is_a_mean_of_its_models(model, predicted):
    assert sum(model.weights.values()) == pytest.approx(1)
    assert set(model.weights) == set(stacked("bg_nbd"))
    by_hand = sum(weight * predicted[name] for name, weight in model.weights.items())
    assert predicted["stack"] == pytest.approx(by_hand)


def test_what_is_best_rests_on_training_cuts_alone(model, split):
    train, _ = split
    assert model.best == min(model.deviances, key=model.deviances.get)
    late = train["cut"] == train["cut"].max()
    shuffled = train.assign(target=train["target"].mask(late, 500.0))
    assert fit_clv(shuffled, 90, OPTIONS).deviances != model.deviances
    assert fit_clv(train, 90, OPTIONS) == model


def test_the_model_comes_back_from_json(model):
    assert type(model).model_validate_json(model.model_dump_json()) == model


def test_one_cut_is_refused(split):
    train = split[0]
    with pytest.raises(ValueError, match=r"got 1 training cut\(s\)"):
        fit_clv(train[train["cut"] == train["cut"].max()], 90, OPTIONS)


def test_a_cut_after_which_nobody_bought_is_refused_by_name(split):
    train = split[0]
    empty = train.assign(target=train["target"].where(train["cut"] != "2024-07-01", 0.0))
    for learn in (lambda rows: fit_clv(rows, 90, OPTIONS), lambda rows: tune(rows, TRIALS)):
        with pytest.raises(TransactionError, match=r"got 0 customer.* training cut 2024-07-01"):
            learn(empty)


def test_halves_that_identify_no_model_are_not_scored(model, split, monkeypatch):
    def refuse(*_):
        raise TransactionError("too few")

    monkeypatch.setattr("churnlens.tasks.clv.scoring.fit_clv", refuse)
    found = score_clv(model, *split, OPTIONS.model_copy(update={"resamples": 100}))
    assert found.disjoint is None and found.models


def test_deviance_is_least_at_the_mean():
    actual = np.array([0.0, 0, 0, 40])
    at = [deviance(actual, np.full(4, mean), 1.3) for mean in (9, 10, 11)]
    assert at[1] < at[0] and at[1] < at[2]


def test_the_level_that_a_customer_needs():
    futures = np.array([[0, 0, 0, 10], [1, 2, 3, 4], [1, 2, 3, 4]], float)
    assert needed_level(np.array([0.0, 4.0, 5.0]), futures).tolist() == [0, 0.5, 1]
    inside = np.array([[0.0, 1.0], [2.0, 3.0]])
    assert coverage(np.array([1.0, 1.9]), inside) == 0.5


def test_a_longer_time_has_a_level_of_its_own(model, split):
    assert list(model.levels) == [90, 180]
    assert model.level_of(365) == model.levels[180] and model.level_of(30) == model.level
    train, _ = split
    first = train[train["cut"] == train["cut"].min()]
    spent = first["customer_id"].map(train.groupby("customer_id")["target"].sum()).to_numpy()
    found = spend_intervals(
        fit_repeat(first), first, 180, model.levels[180], OPTIONS.draws, OPTIONS.seed
    )
    assert coverage(spent, found) == pytest.approx(0.9, abs=0.02)


def test_intervals_are_lifted_to_the_best_models_level_and_scored_there(model, split):
    assert lift(np.array([2.0, 90, 0]), np.array([1.0, 1, 5])).tolist() == [2, 10, 0.1]
    train, test = split
    options = OPTIONS.model_copy(update={"resamples": 100})
    parametric = fit_repeat(test)
    said = predict_arms(model, test, parametric)
    bounds = spend_intervals(parametric, test, 90, model.level, OPTIONS.draws, OPTIONS.seed)
    bounds *= lift(said[model.best], said["bg_nbd"])[:, None]
    found = score_clv(model, train, test, options).coverage.value
    assert found == pytest.approx(coverage(test["target"].to_numpy(), bounds))


def test_value_at_risk_is_of_who_can_still_be_kept(model, split):
    rows = split[1]
    repeat, value = fit_repeat(rows), ValueOptions(horizon_months=18, margin=0.3)
    found = repeat_values(model, repeat, rows, value, OPTIONS)
    alive = 1 - found["p_leave"]
    most = repeat.unstopped_spend(rows, 18).sum(axis=1) * 0.3 * alive * 10
    assert (found["value_at_risk"] >= 0).all() and (found["value_at_risk"] <= most).all()
    gone = found["p_leave"] > 0.97
    assert gone.any() and found["value_at_risk"][gone].max() < found["value_at_risk"].max() / 3
    kept, monthly = repeat.unstopped_spend(rows, 18), repeat.monthly_spend(rows, 18)
    assert (kept * alive.to_numpy()[:, None] >= monthly - 1e-9).all()
    assert kept[:, :12].std(axis=1) == pytest.approx(0)


def test_settings_are_searched_inside_the_training_cuts(split):
    assert tune(split[0], OPTIONS) == (OPTIONS, ())
    best, trials = tune(split[0], TRIALS)
    assert best.seed == TRIALS.seed and tune(split[0], TRIALS) == (best, trials)
    assert trials[0].settings == TRIALS.model_dump(include=set(SPACE)) and len(trials) == 3
    chosen = min(trials, key=lambda each: each.deviance)
    assert chosen.settings == best.model_dump(include=set(SPACE))


def test_a_search_is_kept_by_the_rows_it_rests_on(split, tmp_path, monkeypatch):
    fits = []

    def spy(*given):
        fits.append(1)
        return fit_tweedie(*given)

    monkeypatch.setattr("churnlens.tasks.clv.tuning.fit_tweedie", spy)
    train, file = split[0], tmp_path / "search.db"
    first = tune(train, TRIALS, storage=file)
    assert len(fits) == 3  # two trials and the settings given, each once
    assert tune(train, TRIALS, storage=file) == first and len(fits) == 4
    tune(train.assign(target=train["target"] * 2), TRIALS, storage=file)
    assert len(fits) == 7
    monkeypatch.setattr("churnlens.tasks.clv.tuning.made_with", lambda: ["lightgbm 99"])
    tune(train, TRIALS, storage=file)
    assert len(fits) == 10


def test_shapley_values_add_up_to_the_prediction(model, split):
    rows, tree = split[1].head(30), model.fitted.tweedie
    found = tree.contributions(rows)
    assert np.exp(found.sum(axis=1)).to_numpy() == pytest.approx(tree.predict(rows))
    assert list(found) == [*FEATURES, "base"]
    assert set(global_importance(found)) == set(FEATURES)
    assert [len(each) for each in main_contributions(found, 2)] == [2] * 30


def test_value_follows_the_best_model_and_has_an_interval(model, split):
    rows = split[1]
    repeat = fit_repeat(rows)
    found = repeat_values(model, repeat, rows, ValueOptions(horizon_months=3, margin=0.3), OPTIONS)
    assert found["customer_id"].tolist() == rows["customer_id"].tolist()
    assert ((found["clv_low"] <= found["clv"]) & (found["clv"] <= found["clv_high"])).all()
    assert found["p_leave"].between(0, 1).all()
    best = predict_arms(model, rows, repeat)[model.best]
    assert found["clv"].sum() == pytest.approx(
        0.3 * best.sum(), rel=0.1
    )  # three months are 91 days


def test_a_fixed_cost_without_contract_is_refused(model, split):
    rows = split[1]
    with pytest.raises(ValueError, match="expected 0 without contracts"):
        repeat_values(model, fit_repeat(rows), rows, ValueOptions(monthly_cost=1), OPTIONS)


def test_a_customer_as_text_tells_what_is_known_and_no_more(split):
    rows = split[1].head(3)
    texts = repeat_texts(rows, "USD")
    assert texts == repeat_texts(rows.assign(target=-1.0, cut="x"), "USD")
    first = rows.iloc[0]
    assert texts[0].startswith(f"Customer for {first['age_weeks']:.0f} weeks. Purchases: ")
    assert f"Spent {first['total']:.0f} USD" in texts[0]
    assert first["customer_id"] not in texts[0]


def test_contract_texts_speak_the_schemas_words(schema):
    row = {
        "customer_id": ["C1"],
        "Contract": ["One year"],
        "MonthlyCharges": [29.85],
        "left": [True],
    }
    ledger = pd.DataFrame(row)
    assert contract_texts(ledger, schema) == ["on a one-year contract; monthly charge 29.85 USD"]
    assert "29.85" in contract_texts(ledger, schema, "zh")[0]


def test_logarithms_come_back_to_the_mean():
    spend = np.array([0.0, 1, 10, 200])
    assert from_log_target(log_target(spend)) == pytest.approx(spend)
    flat = np.full(4, log_target(spend).mean())
    assert from_log_target(flat, smearing(spend, flat)).mean() == pytest.approx(spend.mean())
    assert smearing(spend, np.zeros(4)) == 1


def test_all_models_are_scored_on_the_same_rows_and_another_may_join(model, split):
    train, test = split
    options = OPTIONS.model_copy(update={"resamples": 100})
    found = score_clv(model, train, test, options, {"language_model": np.ones(len(test))})
    assert [each.model for each in found.models] == [*arms("bg_nbd"), "language_model"]
    compared = {(row.first, row.second) for row in found.comparisons}
    assert ("language_model", "bg_nbd") in compared and ("zero", "bg_nbd") not in compared
    assert found.disjoint.model == model.best == found.best
    assert found.coverage.n == len(test) and 0.7 < found.coverage.value <= 1
    assert found.models[0].metrics["total_bias"].value == -1


def test_the_disjoint_check_never_sees_the_customer(model, split, monkeypatch):
    seen = []

    def spy(rows, days, options, fit, columns):
        seen.append(set(rows["customer_id"]))
        return model

    monkeypatch.setattr("churnlens.tasks.clv.scoring.fit_clv", spy)
    score_clv(model, *split, OPTIONS.model_copy(update={"resamples": 100}))
    assert len(seen) == 2 and not seen[0] & seen[1]
