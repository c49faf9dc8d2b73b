"""Task summary with a student, once and at its smallest: rows, training, arms, report, predict."""

import json

import pytest

from commands import command, invoke

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def taught(project, tiny_student, tmp_path_factory):
    """The data root of a run of few dialogues, with a student of one step."""
    folder = tmp_path_factory.mktemp("summaries") / "data"
    words = ("--customers", 40, "--dialogues", 60, "--data-root", folder)
    assert invoke(project, "demo-data", *words).exit_code == 0
    given = ("--env", "tiny", "--params", f"data_root={folder}")
    command(project, "run", "--pipelines", "summary", *given)
    assert not (folder / "06_models/summary/student").exists()
    command(project, "run", "--pipelines", "student", "--namespaces", "summary", *given)
    return folder


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def test_rows_arms_and_report_are_made(taught):
    quality = load(taught / "08_reporting/summary/distillation_quality.json")
    assert quality["accepted"] > 0.9 and set(quality["language"]) == {"en", "zh"}
    metrics = load(taught / "08_reporting/summary/arm_metrics.json")
    weights = metrics["weights"]
    assert weights["base"] == weights["base_grammar"] != weights["tuned"]
    arms = metrics["languages"]["en"]["arms"]
    for name in ("extractive", "base_grammar", "tuned_grammar"):
        assert arms[name]["valid"]["value"] == 1
        assert arms[name]["number_fidelity"]["corpus"] in {None, 1.0}
    page = (taught / "08_reporting/summary/report.html").read_text(encoding="utf-8")
    assert "tuned + grammar" in page


@pytest.mark.parametrize(("writer", "name"), [("student", "tuned"), ("template", "extractive")])
def test_the_student_writes_where_it_is_asked_to(project, taught, tmp_path, writer, name):
    turns = [{"speaker": "customer", "text": "my parcel is 3 days late"}]
    turns += [{"speaker": "agent", "text": "you get $5 back"}]
    rows = [{"id": "e", "turns": turns}, {"id": "z", "turns": [turns[0] | {"text": "包裹没到"}]}]
    rows.append({"id": "bad", "turns": []})
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    words = (tmp_path / "in.jsonl", tmp_path / "out.jsonl", "--writer", writer)
    done = invoke(project, "predict", "summary", *words, "--data-root", taught, "--env", "tiny")
    assert done.exit_code == 0, done.stderr
    lines = (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    english, chinese, bad = map(json.loads, lines)
    assert name in english["model"] and "extractive" in chinese["model"] and "error" in bad
    assert set(english["summary"]) == {
        "user_problem",
        "agent_solution",
        "accepted",
        "negative_emotion",
    }


def test_a_second_student_run_trains_nothing(project, taught):
    node = ("--pipelines", "student", "--nodes", "summary.finetuning.train_student")
    before = (taught / "06_models/summary/student/adapter_model.safetensors").read_bytes()
    done = command(project, "run", *node, "--env", "tiny", "--params", f"data_root={taught}")
    assert "step 1/" not in done.stdout + done.stderr
    assert (taught / "06_models/summary/student/adapter_model.safetensors").read_bytes() == before


def test_experiments_try_settings_and_prompts(project, taught):
    words = ("--pipelines", "experiments", "--namespaces", "summary", "--env", "tiny")
    command(project, "run", *words, "--params", f"data_root={taught}")
    trials = load(taught / "08_reporting/summary/training_trials.json")
    assert [run["settings"]["method"] for run in trials["runs"]] == ["lora", "full"]
    lines = (taught / "08_reporting/summary/prompt_trials.jsonl").read_text("utf-8").splitlines()
    history = [json.loads(line) for line in lines]
    assert [row["name"] for row in history][0] == "baseline" and len(history) >= 3
    assert sum(row["chosen"] for row in history) == 1
    found = load(taught / "06_models/summary/searched_prompt.json")
    assert found["name"] in {row["name"] for row in history}
