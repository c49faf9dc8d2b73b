"""Dialogues on the command line, and from a raw file to similar cases, as a user runs it."""

import json
import shutil

import pandas as pd
import pytest

from churnlens.cli.answers import engine_of, shard_size
from churnlens.options import EngineOptions
from commands import (
    again,
    command,
    conf_with_prompts,
    contents,
    invoke,
    predicted_both_ways,
    ran,
    records,
)

pytestmark = pytest.mark.slow

GOOD = {"id": "D1", "turns": [{"speaker": "customer", "text": "pelican slow", "rating": 2}]}


@pytest.fixture(scope="module")
def demo(project, tmp_path_factory):
    folder = tmp_path_factory.mktemp("dialogues") / "data"
    done = invoke(
        project, "demo-data", "--customers", 90, "--dialogues", 150, "--data-root", folder
    )
    assert done.exit_code == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def finished(project, demo, models):
    if not (models / "multilingual-e5-small").is_dir():
        pytest.skip("no multilingual-e5-small; run kedro fetch-models multilingual-e5-small")
    words = ("--env", "tiny", "--params", f"data_root={demo}")
    command(project, "run", "--pipelines", "satisfaction,summary", *words)
    return demo


def test_demo_dialogues_are_of_customers_of_the_table(demo):
    keys = set(pd.read_csv(demo / "01_raw" / "customers.csv", dtype=str)["customerID"])
    lines = (demo / "01_raw" / "dialogues.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert len(rows) == 150
    assert {row["customer"] for row in rows} <= keys
    assert set(pd.read_parquet(demo / "01_raw" / "dialogues_truth.parquet")["id"]) == {
        row["id"] for row in rows
    }


def test_dialogues_of_ones_own_are_not_replaced_and_earlier_demos_are(project, tmp_path):
    words = ("demo-data", "--customers", 60, "--dialogues", 20, "--data-root", tmp_path)
    assert invoke(project, *words, "--seed", 1).exit_code == 0
    assert invoke(project, *words, "--seed", 2).exit_code == 0
    path = tmp_path / "01_raw" / "dialogues.jsonl"
    path.write_text(json.dumps(GOOD), encoding="utf-8")
    before = contents(tmp_path)
    done = invoke(project, *words)
    assert done.exit_code == 1
    assert "01_raw/dialogues.jsonl is a file of your own" in done.stderr
    assert "--data-root DIR" in done.stderr
    assert contents(tmp_path) == before
    (tmp_path / "01_raw" / "dialogues_truth.json").unlink()
    assert invoke(project, *words).exit_code == 1


def checked(project, tmp_path, *rows, task="satisfaction", encoding="utf-8"):
    text = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)
    (tmp_path / "mine.jsonl").write_bytes(text.encode(encoding))
    return invoke(project, "check-data", tmp_path / "mine.jsonl", "--task", task)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_a_good_file_is_described(project, tmp_path, encoding):
    row = json.dumps(
        {"id": 2, "turns": [{"speaker": "用户", "text": "快递太慢"}]}, ensure_ascii=False
    )
    done = checked(project, tmp_path, GOOD, row, encoding=encoding)
    assert (done.exit_code, done.stderr) == (0, "")
    assert "2 dialogues of form plain (en 1, zh 1), 2 turns, 1 of them rated" in done.stdout


@pytest.mark.parametrize("task", ["satisfaction", "summary"])
def test_faults_end_with_status_1_place_got_expected_example(project, tmp_path, task):
    bad = {"id": "D2", "turns": [{"speaker": "Quackenbush", "text": "pelican"}]}
    done = checked(project, tmp_path, GOOD, bad, "{broken", task=task)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "mine.jsonl: 1 dialogue(s), and 2 row(s) that are none" in done.stderr
    assert "row 2, turn 1, speaker: got another word (11 characters), expected" in done.stderr
    assert "A right row: {" in done.stderr
    assert "Quackenbush" not in done.stderr
    assert "pelican" not in done.stderr


def test_a_file_without_dialogues_or_encoding_is_told(project, tmp_path):
    assert "0 dialogue(s)" in checked(project, tmp_path, "").stderr
    (tmp_path / "raw.jsonl").write_bytes(b"fine\n\xff\xff\xff")
    done = invoke(project, "check-data", tmp_path / "raw.jsonl", "--task", "summary")
    assert done.exit_code == 1
    assert "line 2" in done.stderr


def test_a_run_makes_clean_sides_and_an_index(finished):
    made = contents(finished)
    assert {
        "03_primary/satisfaction/dialogues.jsonl",
        "03_primary/summary/dialogues.jsonl",
        "06_models/satisfaction/documents.faiss",
        "08_reporting/satisfaction/case_metrics.json",
        "08_reporting/satisfaction/label_review.json",
        "08_reporting/summary/cleaning_counts.json",
        "07_model_output/satisfaction/assessments.jsonl",
        "07_model_output/satisfaction/decisions.jsonl",
        "08_reporting/satisfaction/report.html",
        "07_model_output/summary/summaries.jsonl",
        "08_reporting/summary/report.html",
    } <= set(made)
    metrics = json.loads(made["08_reporting/satisfaction/case_metrics.json"])["customer"]
    assert metrics["index"]["value"] > metrics["chance"]["high"]


def test_no_planted_canary_of_a_person_is_left_after_the_run(finished):
    truth = pd.read_parquet(finished / "01_raw" / "dialogues_truth.parquet")
    assert truth.personal_kinds.str.contains("name").any()
    planted = [value for each in truth.personal_values for value in each.split(";") if value]
    made = {name: data for name, data in contents(finished).items() if "01_raw" not in name}
    for value in planted:
        assert not [name for name, data in made.items() if value.encode() in data]


def predicted(project, root, task, rows, folder):
    (folder / "in.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    words = ("--data-root", root, "--env", "tiny")
    done = invoke(project, "predict", task, folder / "in.jsonl", folder / "out.jsonl", *words)
    assert done.exit_code == 0, done.stderr
    return [json.loads(line) for line in (folder / "out.jsonl").read_text("utf-8").splitlines()]


def test_a_student_that_is_not_there_is_told_how_to_make(project, finished, tmp_path):
    (tmp_path / "in.jsonl").write_text(json.dumps(GOOD), encoding="utf-8")
    words = ("--data-root", finished, "--env", "tiny", "--writer", "student")
    files = (tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    done = invoke(project, "predict", "summary", *files, *words)
    assert done.exit_code == 1
    assert "Run `kedro run --pipelines student --namespaces summary`" in done.stderr


@pytest.mark.parametrize(
    ("task", "made"),
    [
        ("satisfaction", "07_model_output/satisfaction/assessments.jsonl"),
        ("summary", "07_model_output/summary/summaries.jsonl"),
    ],
)
def test_predict_says_what_the_run_said(project, finished, tmp_path, task, made):
    said = {row["id"]: row for row in map(json.loads, contents(finished)[made].splitlines())}
    lines = (finished / "01_raw" / "dialogues.jsonl").read_text(encoding="utf-8").splitlines()
    raw = [row for row in map(json.loads, lines) if row["id"] in said][:5]
    rows = [{"id": row["id"], "turns": row["turns"]} for row in raw]
    found = predicted(project, finished, task, [*rows, {"id": "bad", "turns": []}], tmp_path)
    assert [row["id"] for row in found] == [*(row["id"] for row in raw), "bad"]
    assert set(found[-1]) == {"id", "error"}
    for row in found[:-1]:
        if task == "summary":
            assert row == said[row["id"]]
        else:
            scores = [turn["score"] for turn in said[row["id"]]["turns"]]
            assert [turn["score"] for turn in row["turns"]] == pytest.approx(scores, abs=1e-3)


@pytest.mark.parametrize("task", ["satisfaction", "summary"])
def test_ray_workers_predict_the_bytes_of_this_process(
    cluster, project, finished, tmp_path, task, monkeypatch
):
    monkeypatch.setattr("churnlens.cli.answers.DIALOGUES_PER_SHARD", 10)
    lines = (finished / "01_raw" / "dialogues.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [{key: row[key] for key in ("id", "turns")} for row in map(json.loads, lines[:20])]
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    here, there = predicted_both_ways(project, task, tmp_path / "in.jsonl", finished)
    assert there == here
    assert len(there.splitlines()) == len(rows) and b'"error"' not in there


def words_of(folder, task):
    return ("--pipelines", task, "--env", "tiny", "--params", f"data_root={folder}")


def test_a_second_run_of_every_node_gives_the_same_bytes(project, finished):
    before = contents(finished)
    words = words_of(finished, "satisfaction,summary")
    command(project, "run", *words, "--runner", "SequentialRunner")
    assert contents(finished) == before


@pytest.mark.parametrize("task", ["satisfaction", "summary"])
def test_an_unchanged_run_runs_nothing(project, finished, task):
    before = records(finished)
    again(project, *words_of(finished, task))
    assert not ran(finished, before)


def test_a_changed_dialogue_embeds_one_text(project, finished, tmp_path):
    folder, shards = tmp_path / "data", "04_feature/satisfaction/embedding_cache/*.parquet"
    shutil.copytree(finished, folder)
    raw = folder / "01_raw" / "dialogues.jsonl"
    first, *others = raw.read_text(encoding="utf-8").splitlines()
    changed = json.loads(first)
    turn = next(each for each in changed["turns"] if each["speaker"] == "customer")
    turn["text"] = "The engineer never came, twice, and nobody said why."
    raw.write_text("\n".join([json.dumps(changed), *others]), encoding="utf-8")
    before = set(folder.glob(shards))
    outputs = "satisfaction.vectors,satisfaction.test_vectors"
    again(project, "--to-outputs", outputs, *words_of(folder, "satisfaction"))
    (new,) = set(folder.glob(shards)) - before
    assert len(pd.read_parquet(new)) == 1


def test_a_changed_prompt_runs_no_node_that_does_not_read_it(project, finished, tmp_path):
    folder = tmp_path / "data"
    shutil.copytree(finished, folder)
    text = (project / "prompts" / "summary.yml").read_text(encoding="utf-8")
    conf = conf_with_prompts(project, tmp_path, "summary", text + "# another word\n")
    before = records(folder)
    again(project, "--conf-source", conf, *words_of(folder, "summary"))
    assert ran(folder, before) == {"summary.inference.write_summaries"}
    assert contents(folder) == contents(finished)


def test_a_file_of_ones_own_stops_with_the_next_step_when_it_is_none(project, tmp_path):
    (tmp_path / "mine.jsonl").write_text("{broken", encoding="utf-8")
    given = f"data_root={tmp_path / 'data'},dialogues={tmp_path / 'mine.jsonl'}"
    done = command(project, "run", "--pipelines", "summary", "--params", given, check=False)
    assert done.returncode == 1
    assert "mine.jsonl: 0 dialogue(s)" in done.stderr
    assert "Traceback" not in done.stderr
    assert not contents(tmp_path / "data")


def test_alerts_are_sent_once_and_a_grant_is_logged_by_who_may(project, finished):
    words = ("--data-root", finished, "--env", "tiny")
    sent = [json.loads(invoke(project, "send-alerts", *words).stdout) for _ in range(2)]
    assert sent[0]["jsonl"] == sent[0]["sql"] > 0
    assert sent[1] == {"jsonl": 0, "sql": 0}
    folder = finished / "07_model_output" / "satisfaction"
    decision = json.loads((folder / "decisions.jsonl").read_text("utf-8").splitlines()[0])
    asked = ("grant", decision["alert"], *words)
    assert "needs the approval of team_lead" in invoke(project, *asked).stderr
    granted = invoke(project, *asked, "--amount", 5, "--role", "team_lead", "--person", "Ann")
    assert json.loads(granted.stdout)["amount"] == 5
    (row,) = (folder / "outgoing" / "grants.jsonl").read_text("utf-8").splitlines()
    assert json.loads(row) == json.loads(granted.stdout)
    assert "no decision for alert" in invoke(project, "grant", "none", *words).stderr


@pytest.mark.parametrize(
    ("task", "name", "size"),
    [
        ("satisfaction", "desk", 256),
        ("summary", "extractive (a1b2), extractive (c3d4)", 256),
        ("summary", "extractive (a1b2), student (e5f6)", 16),
        ("service", "extractive", 16),
        ("churn", "template", 16),
    ],
)
def test_many_dialogues_are_predicted_together_where_no_model_writes(task, name, size):
    assert shard_size(task, name) == size


def test_workers_are_those_of_the_configuration_unless_they_are_counted():
    cluster = {"kind": "ray", "workers": None, "cpus": 2, "gpus": 1, "address": "host:6379"}
    assert engine_of(cluster, None) == EngineOptions(**cluster)
    assert engine_of(cluster, 3) == EngineOptions(**{**cluster, "workers": 3})
    assert engine_of({**cluster, "kind": "local"}, 3).kind == "ray"
    assert engine_of({"kind": "local"}, None).kind == "local"
