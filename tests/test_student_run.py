"""The whole task once, at its smallest: rows, a student, its comparison, its answers, its export."""

import json

import pytest

from churnlens.simulation import simulate_customers
from commands import QUESTIONS, command, invoke, parameters, run_notebook

pytestmark = pytest.mark.slow  # minutes: it starts first


@pytest.fixture(scope="module")
def taught(project, tiny_student, tmp_path_factory):
    """The data root of a run with a student, of few customers and one step of training."""
    folder = tmp_path_factory.mktemp("student")
    simulate_customers(1200, seed=7).customers.to_csv(folder / "customers.csv", index=False)
    (folder / "questions.yml").write_text(json.dumps(QUESTIONS[:1]), encoding="utf-8")
    words = parameters(folder / "data", folder / "customers.csv")
    command(project, "run", "--pipelines", "churn", *words)
    return folder / "data"


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def test_rows_are_taught_from_every_kind_of_lesson(taught):
    quality = load(taught / "08_reporting/churn/distillation_quality.json")
    assert quality["accepted"] > 0.8
    assert set(quality["status"]) == {"answered", "too_few", "not_answerable"}
    for split in ("training", "validation"):
        assert quality["split"][split] > 50


def test_the_arms_are_what_they_are_called(taught):
    metrics = load(taught / "08_reporting/churn/arm_metrics.json")
    weights = metrics["weights"]
    assert weights["base"] == weights["base_grammar"] != weights["tuned"]
    assert weights["tuned"] == weights["tuned_grammar"]
    template, stub = metrics["arms"]["template"], metrics["arms"]["stub"]
    assert template["claim_support"]["value"] == 1
    assert stub["claim_support"]["value"] == 0
    assert "tuned" in (taught / "08_reporting/churn/report.html").read_text(encoding="utf-8")


def test_a_student_serves_once_it_is_promoted(project, taught):
    """One that learned for two steps is no better than its base, so it is forced here."""
    words = ("--data-root", taught, "--env", "tiny")
    asked = ("ask", QUESTIONS[0], *words, "--writer", "student")
    before = invoke(project, *asked)
    assert before.exit_code == 1 and "kedro promote churn" in before.stderr
    kept = json.loads(invoke(project, "promote", "churn", *words).stdout)
    assert kept["event"] == "kept" and not kept["verdict"]["better"]
    assert not (taught / "06_models/churn/served").exists()
    forced = json.loads(invoke(project, "promote", "churn", "--force", *words).stdout)
    assert forced == {**kept, "event": "forced"}
    again = invoke(project, "promote", "churn", *words)
    assert again.exit_code == 1 and "serve already" in again.stderr
    back = invoke(project, "promote", "churn", "--back", *words)
    assert json.loads(back.stdout)["serves"] is None
    assert not (taught / "06_models/churn/served").exists()
    assert invoke(project, "promote", "churn", "--force", *words).exit_code == 0
    log = (taught / "08_reporting/churn/promotions.jsonl").read_text(encoding="utf-8")
    assert [json.loads(line)["event"] for line in log.splitlines()] == [
        "kept",
        "forced",
        "back",
        "forced",
    ]


def test_the_student_answers_and_is_checked(project, taught):
    words = ("--data-root", taught, "--env", "tiny", "--writer", "student", "--json")
    done = invoke(project, "ask", QUESTIONS[0], *words)
    assert done.exit_code == 0, done.stderr
    answer = json.loads(done.stdout)
    assert "tuned" in answer["model"]
    assert (
        answer["checks"]["kept"] + len(answer["checks"]["dropped"]) >= answer["checks"]["written"]
    )


@pytest.mark.parametrize("name", ["final_demo", "final_demo.zh"])
def test_every_cell_of_the_final_demo_runs(name, project, taught, monkeypatch, capsys):
    monkeypatch.setenv("KEDRO_ENV", "tiny")
    monkeypatch.setenv("DATA_ROOT", str(taught))
    run_notebook(project, name)
    assert '"status": "answered"' in capsys.readouterr().out


def test_a_second_training_returns_at_once(project, taught):
    words = parameters(taught, taught.parent / "customers.csv")
    before = (taught / "06_models/churn/student/adapter_model.safetensors").read_bytes()
    node = ("--pipelines", "churn", "--nodes", "churn.finetuning.train_student")
    done = command(project, "run", *node, *words)
    assert "step 1/" not in done.stdout + done.stderr
    assert (taught / "06_models/churn/student/adapter_model.safetensors").read_bytes() == before


def test_the_student_is_exported_as_it_is(project, taught, tmp_path):
    words = ("--data-root", taught, "--env", "tiny", "--target", tmp_path / "merged")
    done = invoke(project, "export", "churn", *words)
    assert done.exit_code == 0, done.stderr
    report = load(tmp_path / "merged" / "export.json")
    assert report["same_texts"] == report["prompts"] == 20
    assert report["max_difference"] <= 1e-3
