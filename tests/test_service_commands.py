"""The service assistant on the command line, from its book to replies, as a user runs it."""

import json

import pytest

from commands import again, command, contents, invoke, predicted_both_ways, ran, records

pytestmark = pytest.mark.slow

GOOD = {"instruction": "Where is my order?", "input": "", "output": "Could you give me its number?"}
BAD = {"instruction": "Where is my pelican?", "input": "", "output": "Your order was shipped."}


def checked(project, tmp_path, text):
    (tmp_path / "mine.json").write_text(text, encoding="utf-8")
    return invoke(project, "check-data", tmp_path / "mine.json", "--task", "service")


@pytest.mark.parametrize("text", [json.dumps(GOOD), json.dumps([GOOD], indent=1)])
def test_good_rows_are_counted(project, tmp_path, text):
    done = checked(project, tmp_path, text)
    assert (done.exit_code, done.stderr) == (0, "")
    assert "1 rows to train on, none at fault" in done.stdout


def test_faults_are_told_with_a_corrected_example_and_without_words(project, tmp_path):
    done = checked(project, tmp_path, "\n".join([json.dumps(GOOD), json.dumps(BAD), "{broken"]))
    assert (done.exit_code, done.stdout) == (1, "")
    assert "2 of 3 rows at fault (form 1, invented_record 1)" in done.stderr
    assert "I can't see orders." in done.stderr
    assert "pelican" not in done.stderr


def test_no_rows_are_a_fault(project, tmp_path):
    assert checked(project, tmp_path, "").exit_code == 1


@pytest.fixture(scope="module")
def replied(project, models, tiny_student, tmp_path_factory):
    if not (models / "multilingual-e5-small").is_dir():
        pytest.skip("no multilingual-e5-small; run kedro fetch-models multilingual-e5-small")
    folder = tmp_path_factory.mktemp("service")
    rows = [{**GOOD, "instruction": f"Where is my {word}?"} for word in ("lamp", "refund", "sofa")]
    (folder / "mine.json").write_text(json.dumps([*rows, BAD]), encoding="utf-8")
    given = f"data_root={folder / 'data'},service_rows={folder / 'mine.json'}"
    command(project, "run", "--pipelines", "service", "--env", "tiny", "--params", given)
    return folder / "data"


def test_a_run_makes_rows_a_student_replies_and_a_report(replied):
    made = contents(replied)
    assert {
        "05_model_input/service/rows/training.jsonl",
        "06_models/service/student/adapter_model.safetensors",
        "07_model_output/service/replies.jsonl",
        "07_model_output/service/arms/tuned.jsonl",
        "08_reporting/service/routing_metrics.json",
        "08_reporting/service/report.html",
    } <= set(made)
    report = json.loads(made["08_reporting/service/row_report.json"])
    assert report["own"] == {"rows": 4, "faulty": 1, "faults": {"invented_record": 1}}
    metrics = json.loads(made["08_reporting/service/metrics.json"])
    assert metrics["served"]["facts"]["value"] > 0.9
    assert {"tuned_retrieval", "base_retrieval", "nearest_faq"} <= set(metrics["arms"])
    assert b"pelican" not in b"".join(made.values())


def test_predict_says_what_the_run_said(project, replied, tmp_path):
    made = contents(replied)
    cases = [json.loads(each) for each in made["07_model_output/service/cases.jsonl"].splitlines()]
    said = {
        row["case"]: row["told"][0]["reply"]
        for row in map(json.loads, made["07_model_output/service/replies.jsonl"].splitlines())
    }
    asked = [case for case in cases if case["kind"] == "fact"][:4]
    rows = [
        {"id": case["id"], "messages": [{"role": "user", "content": case["turns"][0]}]}
        for case in asked
    ]
    lines = "\n".join(map(json.dumps, [*rows, {"id": "bad", "messages": []}]))
    (tmp_path / "in.jsonl").write_text(lines, encoding="utf-8")
    words = ("--data-root", replied, "--env", "tiny")
    done = invoke(
        project, "predict", "service", tmp_path / "in.jsonl", tmp_path / "out.jsonl", *words
    )
    assert done.exit_code == 0, done.stderr
    *found, bad = map(json.loads, (tmp_path / "out.jsonl").read_text("utf-8").splitlines())
    assert set(bad) == {"id", "error"}
    for row in found:
        assert row["reply"] == said[row["id"]]["text"]
        assert row["citations"] == said[row["id"]]["citations"]


def test_an_unchanged_run_runs_nothing(project, replied):
    before = records(replied)
    given = f"data_root={replied},service_rows={replied.parent / 'mine.json'}"
    again(project, "--pipelines", "service", "--env", "tiny", "--params", given)
    assert not ran(replied, before)


def test_ray_workers_reply_as_this_process_does(cluster, project, replied, tmp_path):
    made = contents(replied)["07_model_output/service/cases.jsonl"].splitlines()
    cases = [case for case in map(json.loads, made) if case["kind"] == "fact"][:20]
    rows = [
        {"id": case["id"], "messages": [{"role": "user", "content": case["turns"][0]}]}
        for case in cases
    ]
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    here, there = predicted_both_ways(project, "service", tmp_path / "in.jsonl", replied)
    assert there == here
    assert len(there.splitlines()) == 20 and b'"error"' not in there
