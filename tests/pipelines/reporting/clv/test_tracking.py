"""Trials and models of value go to an MLflow store only where one is named."""

import pytest

from churnlens.options import ClvReportingOptions
from churnlens.pipelines import tracking
from churnlens.pipelines.reporting import create_pipeline
from churnlens.pipelines.reporting.clv.tracking import track_values, tracked_models
from churnlens.pipelines.tracking import TrackingError
from pipelines.reporting.value_sample import POINT, REPORT, value_metrics

SETTINGS = {"rate": 0.013, "leaves": 3, "rounds": 600}
MODEL = {
    "options": {"models": {**SETTINGS, "seed": 7}},
    "trials": [
        {"settings": SETTINGS, "deviance": 4.5},
        {"settings": {**SETTINGS, "leaves": 7}, "deviance": 4.25},
        {"settings": {**SETTINGS, "leaves": 15}, "deviance": None},
    ],
}


def tracked(uri=None):
    options = ClvReportingOptions(tracking_uri=uri)
    track_values(value_metrics("bg_nbd"), MODEL, REPORT, options, "<html>")


def test_without_a_store_nothing_is_needed_and_without_mlflow_it_says_what_to_do(monkeypatch):
    monkeypatch.setattr(tracking, "find_spec", lambda name: None)
    tracked()
    with pytest.raises(TrackingError, match=r"pip install -e '.\[track\]'"):
        tracked("sqlite:///x.db")


def test_what_cannot_be_logged_fails_when_all_else_is_written():
    pipeline = create_pipeline("clv")
    written = pipeline.to_nodes("track_values").all_outputs()
    assert written == pipeline.all_outputs() - {"gini_plot", "decile_plot"}
    assert pipeline.nodes[-1].name == "track_values"


@pytest.mark.parametrize("arm", ["bg_nbd", "survival"])
def test_settings_of_boosting_are_those_of_models_that_read_them(arm):
    scores = value_metrics(arm)["scores"]
    more = [{"model": name, "metrics": {}} for name in ("language_model", "tweedie_text")]
    runs = tracked_models(scores | {"models": [*scores["models"], *more]}, MODEL)
    told = {run.name for run in runs if run.settings}
    assert told == {"tweedie", "two_stage", f"tweedie_{arm}", "stack", "tweedie_text"}
    assert len(runs) == 10


def test_mlflow_has_every_trial_and_every_model_inside_one_run(tmp_path):
    mlflow = pytest.importorskip("mlflow", reason="needs churnlens[track]")
    tracked(f"sqlite:///{tmp_path / 'mlflow.db'}")
    runs = mlflow.search_runs(experiment_names=[tracking.EXPERIMENT], output_format="list")
    (outer,) = (run for run in runs if "mlflow.parentRunId" not in run.data.tags)
    inside = {run.info.run_name: run.data for run in runs if run is not outer}
    assert {run.data.tags.get("mlflow.parentRunId") for run in runs} == {None, outer.info.run_id}
    assert (outer.data.tags["chosen"], outer.data.tags["trade"]) == ("stack", "retail")
    models = {each["model"] for each in value_metrics("bg_nbd")["scores"]["models"]}
    assert set(inside) == models | {"settings given", "trial 1", "trial 2"}
    assert inside["trial 1"].metrics == {"tweedie_deviance": 4.25}
    assert inside["trial 1"].params == {"rate": "0.013", "leaves": "7", "rounds": "600"}
    assert inside["trial 2"].metrics == {}
    assert inside["bg_nbd"].metrics["decile_mape_high"] == POINT["high"]
    assert inside["stack"].metrics["training_cut_deviance"] == 4.0
    assert all(run.tags["seed"] == "7" for run in inside.values())
