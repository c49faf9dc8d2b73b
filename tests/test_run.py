"""The main job from raw file to report, as a user runs it: commands in a process of their own."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

from churnlens.simulation import simulate_customers
from commands import (
    QUESTIONS,
    again,
    command,
    conf_with_prompts,
    contents,
    invoke,
    parameters,
    predicted_both_ways,
    ran,
    records,
)

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("CHURNLENS_KILLS", "4"))


def test_the_main_job_makes_everything_and_the_demo_data_stay_as_they_were(finished, customers):
    made = contents(finished)
    assert {
        "03_primary/churn/table.parquet",
        "06_models/churn/documents.faiss",
        "07_model_output/churn/answers.jsonl",
        "08_reporting/churn/report.html",
        "08_reporting/churn/risk_metrics.json",
    } <= set(made)
    assert not [name for name in made if ".tmp-" in name]
    answers = made["07_model_output/churn/answers.jsonl"].decode().splitlines()
    status = [json.loads(line)["status"] for line in answers]
    assert status == ["answered", "answered", "not_answerable"]


EVERY_NODE = ("--runner", "SequentialRunner")


def test_a_second_run_of_every_node_gives_the_same_bytes(project, finished, customers):
    before, began = contents(finished), records(finished)
    command(project, "run", *parameters(finished, customers), *EVERY_NODE)
    assert contents(finished) == before
    assert not began.items() & records(finished).items()


def test_an_unchanged_run_runs_nothing(project, finished, customers):
    before = records(finished)
    again(project, *parameters(finished, customers))
    assert not ran(finished, before)


def test_a_changed_prompt_runs_only_what_writes_with_it(project, finished, customers, tmp_path):
    """The prompts gain a remark: what is made with them stays the same, and goes no further."""
    folder = tmp_path / "data"
    shutil.copytree(finished, folder)
    text = (project / "prompts" / "churn.yml").read_text(encoding="utf-8")
    conf = conf_with_prompts(project, tmp_path, "churn", text + "# another word\n")
    before = records(folder)
    words = parameters(folder, customers, questions=finished.parent / "questions.yml")
    again(project, "--conf-source", conf, *words)
    assert ran(folder, before) == {
        "churn.inference.answer_questions",
        "churn.reporting.evaluate_answers",
    }
    assert contents(folder) == contents(finished)


def test_a_changed_row_embeds_one_text(project, finished, customers, tmp_path):
    folder, shards = tmp_path / "data", "04_feature/churn/embedding_cache/*.parquet"
    shutil.copytree(finished, folder)
    table = pd.read_csv(customers, dtype=str, keep_default_na=False)
    table.loc[20, "CustomerFeedback"] = "The engineer never came, twice, and nobody said why."
    table.to_csv(tmp_path / "changed.csv", index=False)
    before = set(folder.glob(shards))
    words = parameters(
        folder, tmp_path / "changed.csv", questions=finished.parent / "questions.yml"
    )
    again(project, "--to-outputs", "churn.vectors", *words)
    (new,) = set(folder.glob(shards)) - before
    assert len(pd.read_parquet(new)) == 1


def test_status_says_done_and_after_a_change_why_not(project, finished):
    lines = command(project, "status", "--env", "tiny", "--data-root", finished).stdout.splitlines()
    states = {line.split()[1]: line.split()[0] for line in lines}
    assert states["churn.indexing.build_lexical_index"] == "done"
    table = finished / "03_primary" / "churn" / "table.parquet"
    original = table.read_bytes()
    table.write_bytes(original[:100])
    out = command(project, "status", "--env", "tiny", "--data-root", finished).stdout
    table.write_bytes(original)
    assert "torn       churn.data_processing.select_table" in out
    assert "stale      churn.finetuning.fit_risk_models" in out


def test_ask_answers_from_the_built_index(project, finished):
    words = ("--env", "tiny", "--data-root", finished, "--writer", "template", "--json")
    answer = json.loads(command(project, "ask", QUESTIONS[0], *words).stdout)
    raw = pd.read_csv(finished.parent / "customers.csv", dtype=str)
    assert answer["cohort"]["size"] == int((raw["InternetService"] == "Fiber optic").sum())
    assert answer["model"] == "template"


def test_ask_without_an_index_says_what_to_run(project, tmp_path):
    done = command(project, "ask", "Why?", "--data-root", tmp_path, check=False)
    assert done.returncode == 1
    assert "Run `kedro run`" in done.stderr
    assert "Traceback" not in done.stderr


def test_predict_answers_good_rows_and_names_bad_ones(project, finished, tmp_path):
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    rows = [json.dumps({"id": n, "query": text}) for n, text in enumerate(QUESTIONS)]
    source.write_text("\n".join([*rows, "{broken"]), encoding="utf-8")
    words = ("--env", "tiny", "--data-root", finished, "--writer", "template")
    command(project, "predict", "churn", source, target, *words)
    done = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert [row["id"] for row in done] == [0, 1, 2, "line 4"]
    assert done[0]["answer"]["status"] == "answered"
    assert "not JSON" in done[3]["error"]


def test_ray_workers_answer_as_this_process_does(cluster, project, finished, tmp_path):
    groups = ("fiber", "DSL", "month-to-month", "electronic check", "senior")
    rows = [{"id": n, "query": f"Why do {each} customers leave?"} for n, each in enumerate(groups)]
    rows += [{"id": n, "query": QUESTIONS[n % 3]} for n in range(5, 20)]
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    source, template = tmp_path / "in.jsonl", ("--writer", "template")
    here, there = predicted_both_ways(project, "churn", source, finished, *template)
    assert there == here
    assert len(there.splitlines()) == len(rows)


def test_a_bad_table_stops_before_anything_is_written(project, customers, tmp_path):
    frame = pd.read_csv(customers, dtype=str, keep_default_na=False)
    frame.loc[41, "Contract"] = "Weekly"
    frame.to_csv(tmp_path / "bad.csv", index=False)
    folder = tmp_path / "data"
    done = command(project, "run", *parameters(folder, tmp_path / "bad.csv"), check=False)
    assert done.returncode != 0
    assert "row 42, column Contract: got 'Weekly', expected one of" in done.stderr
    assert not contents(folder)
    checked = command(project, "check-data", tmp_path / "bad.csv", check=False)
    assert checked.returncode == 1
    assert "row 42, column Contract" in checked.stderr


def kill_after(project, folder, words, count: int, wait: float = 0) -> None:
    """Run, and kill the run `wait` seconds after it has written its `count`-th record."""
    before = records(folder)
    process = subprocess.Popen(words, cwd=project, stderr=subprocess.DEVNULL)
    while process.poll() is None and len(records(folder).items() - before.items()) < count:
        time.sleep(0.005)
    time.sleep(wait)
    process.send_signal(signal.SIGKILL)
    process.wait()


def run_words(folder, customers) -> list[str]:
    return [sys.executable, "-m", "kedro", "run", *parameters(folder, customers)]


def test_killed_runs_finish_with_the_bytes_of_an_unbroken_one(project, finished, customers):
    folder = customers.parent / "killed"
    moments = random.Random(5)
    for _ in range(KILLS):
        count, wait = moments.randint(0, 12), moments.uniform(0, 1)
        kill_after(project, folder, run_words(folder, customers), count, wait)
    command(project, "run", *parameters(folder, customers))
    assert contents(folder) == contents(finished)


@pytest.fixture(scope="module")
def another(customers) -> pd.DataFrame:
    """Another table of the same size, as a file beside the first; its raw cells."""
    table = simulate_customers(700, seed=8).customers
    table.to_csv(customers.parent / "another.csv", index=False)
    return pd.read_csv(customers.parent / "another.csv", dtype=str, keep_default_na=False)


def test_between_a_kill_and_the_next_run_ask_refuses_or_is_right(
    project, finished, customers, another
):
    """Over the results of one table runs another of the same size, killed after its k-th node.

    The first two make table and feedback, the 13th is the last before the answers.
    """
    folder = customers.parent / "mixed"
    said = another.set_index("customerID")["CustomerFeedback"]
    words = ("--env", "tiny", "--data-root", folder, "--writer", "template", "--json")
    refused = []
    for count in (1, 2, 5, 6, 9, 13):
        shutil.rmtree(folder, ignore_errors=True)  # or the next run would go on from there
        shutil.copytree(finished, folder)
        kill_after(project, folder, run_words(folder, customers.parent / "another.csv"), count)
        done = invoke(project, "ask", QUESTIONS[0], *words)
        refused.append(done.exit_code == 1)
        if refused[-1]:
            assert "does not hold one whole run" in done.stderr
            continue
        answer = json.loads(done.stdout)
        assert answer["cohort"]["size"] == (another["InternetService"] == "Fiber optic").sum()
        for customer, document in answer["documents"].items():
            assert document["quote"].strip(". …")[:20] in said[customer]
    assert refused == [True] * 5 + [False]
