import json
import shutil

import click
import pandas as pd
import pytest
from click.testing import CliRunner
from kedro.framework.cli.utils import find_run_command
from kedro.io.core import DatasetError

from churnlens.cli import cli, run
from churnlens.cli.plain import PlainGroup
from churnlens.engine import records
from churnlens.engine.workers import EngineError
from churnlens.hooks import run_lock
from commands import QUESTIONS, command, contents, invoke

pytestmark = pytest.mark.slow

FORMATS = {
    "demo-data": "dialogues.jsonl has one JSON object a line",
    "fetch-models": "kept as safetensors",
    "check-data": "utf-8, utf-8-sig, gbk, gb18030 or utf-16",
    "ask": "JSON object",
    "predict": "summary: rows as for satisfaction → {id, summary",
    "send-alerts": "sink → events taken now",
    "grant": "outgoing/grants.jsonl",
    "serve": "web/history.db",
    "status": "(done, stale, torn, missing or never ran), name, reason",
    "plan": "memory of every stage",
    "export": "llama.cpp and Ollama, or ONNX",
    "lineage": "HTML",
    "promote": "promotions.jsonl",
    "run": "--params",
}


@pytest.mark.parametrize("name", sorted(cli.commands))
def test_help_says_what_is_read_and_written(project, name):
    done = invoke(project, name, "--help")
    assert done.exit_code == 0
    assert FORMATS[name] in " ".join(done.stdout.split())
    assert len(done.stdout.splitlines()) > 4


def test_run_is_kedros_own_and_is_found_when_packaged():
    assert find_run_command("churnlens") is run
    assert "--from-nodes" in {option for each in run.params for option in each.opts}


def group_that_raises(error: Exception) -> PlainGroup:
    group = PlainGroup("group")

    @group.command()
    def go() -> None:
        raise error

    return group


@pytest.mark.parametrize(
    "error", [DatasetError("no file x"), PermissionError("x is locked"), EngineError("no ray")]
)
def test_an_error_that_can_be_mended_is_a_message(error):
    done = CliRunner().invoke(group_that_raises(error), ["go"])
    assert (done.exit_code, done.stderr) == (1, f"Error: {error}\n")


def test_a_message_is_bounded():
    done = CliRunner().invoke(group_that_raises(DatasetError("x" * 9000)), ["go"])
    assert len(done.stderr) < 2100


def test_a_fault_of_the_program_keeps_its_traceback():
    done = CliRunner().invoke(group_that_raises(KeyError("bug")), ["go"])
    assert isinstance(done.exception, KeyError)
    assert not isinstance(done.exception, click.ClickException)


def demo(project, folder, seed) -> dict[str, bytes]:
    words = ("--customers", 120, "--dialogues", 40, "--seed", seed, "--data-root", folder)
    done = invoke(project, "demo-data", *words)
    assert "120 customers and 40 dialogues, and the planted truth" in done.stdout
    return contents(folder)


def test_demo_data_same_seed_same_bytes(project, tmp_path):
    first = demo(project, tmp_path / "a", 5)
    assert set(first) == {
        "01_raw/bills.csv",
        "01_raw/bills_truth.json",
        "01_raw/bills_truth.parquet",
        "01_raw/customers.csv",
        "01_raw/customers_truth.json",
        "01_raw/customers_truth.parquet",
        "01_raw/dialogues.jsonl",
        "01_raw/dialogues_truth.json",
        "01_raw/dialogues_truth.parquet",
        "01_raw/dialogues_turns_truth.parquet",
    }
    assert demo(project, tmp_path / "b", 5) == first
    assert demo(project, tmp_path / "c", 6) != first


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("demo-data", "--customers", 0), "0 is not in the range x>=1"),
        (("demo-data", "--dialogues", 0), "0 is not in the range 1<=x<=100000"),
        (("check-data", "README.md", "--task", "chat"), "'chat' is not one of"),
        (("check-data", "README.md", "--task", "summary", "-s", "x"), "dialogues have no schema"),
        (("fetch-models", "no-such-model"), "not in the lock: ['no-such-model']; it has"),
        (("fetch-models", "--revision", "abc"), "--revision needs exactly one NAME"),
        (("ask", "  "), "no query; expected a question as text"),
        (("ask", "why " * 600), "2400 characters; expected at most 2000"),
        (("ask", "Why?", "--env", "moon"), "moon"),
        (("run", "--env", "moon"), "moon"),
        (("predict", "churn", "nowhere.jsonl", "out.jsonl"), "does not exist"),
        (("check-data", "README.nowhere"), "does not exist"),
    ],
)
def test_wrong_words_are_told_and_nothing_is_written(project, tmp_path, words, message):
    root = (
        ()
        if words[0] in {"run", "check-data", "fetch-models"}
        else ("--data-root", tmp_path / "data")
    )
    done = invoke(project, *words, *root)
    assert done.exit_code in {1, 2}
    assert message in " ".join(done.stderr.split())
    assert not (tmp_path / "data").exists()


def test_a_wrong_schema_file_is_told_by_its_key(project, tmp_path, customers):
    text = (project / "tests" / "schemas" / "bank.yml").read_text(encoding="utf-8")
    (tmp_path / "schema.yml").write_text(text.replace("noun:", "nuon:"), encoding="utf-8")
    done = invoke(project, "check-data", customers, "--schema", tmp_path / "schema.yml")
    assert done.exit_code == 1
    assert "nuon" in done.stderr
    missing = invoke(project, "check-data", customers, "--schema", tmp_path / "none.yml")
    assert missing.exit_code == 1
    assert "none.yml" in missing.stderr


def test_a_torn_index_is_told_with_what_to_run(project, finished, tmp_path):
    shutil.copytree(finished, tmp_path / "data")
    table = tmp_path / "data" / "03_primary" / "churn" / "table.parquet"
    table.write_bytes(table.read_bytes()[:100])
    done = invoke(project, "ask", "Why?", "--env", "tiny", "--data-root", tmp_path / "data")
    assert done.exit_code == 1
    assert "select_table: torn not as written: churn.table" in done.stderr
    assert "Run `kedro run`" in done.stderr


def predict(project, finished, source, target):
    words = ("--env", "tiny", "--data-root", finished, "--writer", "template")
    return invoke(project, "predict", "churn", source, target, *words)


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_predict_refuses_an_empty_file_and_writes_none(project, finished, tmp_path, text):
    (tmp_path / "in.jsonl").write_text(text, encoding="utf-8")
    done = predict(project, finished, tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    assert done.exit_code == 1
    assert "in.jsonl: no rows; expected one JSON object a line" in done.stderr
    assert not (tmp_path / "out.jsonl").exists()


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16"])
def test_predict_reads_the_encodings_of_tables(project, finished, tmp_path, encoding):
    line = json.dumps({"id": "甲", "query": QUESTIONS[1]}, ensure_ascii=False)
    (tmp_path / "in.jsonl").write_text(line, encoding=encoding)
    done = predict(project, finished, tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    assert "1 good rows and 0 bad rows" in done.stdout
    row = json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8"))
    assert row["id"] == "甲"
    assert row["answer"]["status"] == "answered"


def test_predict_refuses_bytes_without_an_encoding(project, finished, tmp_path):
    (tmp_path / "in.jsonl").write_bytes(b'{"id": 1}\n\xff\xff\xff')
    done = predict(project, finished, tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    assert done.exit_code == 1
    assert "fails at line 2" in done.stderr
    assert not (tmp_path / "out.jsonl").exists()


@pytest.mark.parametrize("task", ["churn", "satisfaction", "clv"])
def test_predict_never_writes_over_what_it_reads(project, tmp_path, task):
    rows = tmp_path / "in.jsonl"
    rows.write_text('{"id": 1}', encoding="utf-8")
    (tmp_path / "link").symlink_to(rows)
    for target in (rows, tmp_path / "link"):
        done = invoke(project, "predict", task, rows, target, "--data-root", tmp_path / "data")
        assert done.exit_code == 2
        assert "would be overwritten" in done.stderr
    assert rows.read_text(encoding="utf-8") == '{"id": 1}'


def copied(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "data")


@pytest.mark.parametrize("words", [("ask", QUESTIONS[0]), ("predict", "churn", "in", "out")])
def test_feedback_of_another_table_is_never_answered_from(project, finished, tmp_path, words):
    root = copied(finished, tmp_path)
    path = root / "03_primary" / "churn" / "feedback.parquet"
    feedback = pd.read_parquet(path)
    feedback.assign(feedback=feedback["feedback"].to_numpy()[::-1]).to_parquet(path)
    (tmp_path / "in").write_text(json.dumps({"id": 1, "query": QUESTIONS[0]}), encoding="utf-8")
    words = [tmp_path / word if word in {"in", "out"} else word for word in words]
    more = ("--env", "tiny", "--data-root", root, "--writer", "template")
    done = invoke(project, *words, *more)
    assert done.exit_code == 1
    assert "redact_feedback: torn not as written: churn.feedback" in done.stderr
    assert "Run `kedro run`" in done.stderr
    assert not (tmp_path / "out").exists()


def test_an_index_of_documents_that_are_no_more_is_not_asked(project, finished, tmp_path):
    root = copied(finished, tmp_path)
    (root / ".state" / "churn.data_processing.build_documents.json").unlink()
    done = invoke(project, "ask", "Why?", "--env", "tiny", "--data-root", root)
    assert done.exit_code == 1
    assert "build_documents: never ran" in done.stderr


def test_another_environment_than_that_of_the_run_is_told(project, finished):
    done = invoke(project, "ask", "Why?", "--data-root", finished)
    assert done.exit_code == 1
    assert "give the same --env here" in done.stderr


def test_status_names_the_nodes_of_a_student_that_a_quick_task_leaves_out(project, tmp_path):
    out = invoke(project, "status", "summary", "--data-root", str(tmp_path)).stdout
    assert "never ran  summary.finetuning.train_student" in out
    assert out.count("summary.reporting.write_report") == 1


def test_status_reads_the_files_that_the_run_was_given(project, finished):
    out = invoke(project, "status", "--env", "tiny", "--data-root", finished).stdout
    before = [line for line in out.splitlines() if "data_processing" in line or "questions" in line]
    assert before
    assert all(line.startswith("done") for line in before if "answer_questions" not in line)
    assert "changed since: customers" not in out
    assert "changed since: questions" not in out


def test_ask_works_from_a_folder_of_the_project(project, finished):
    words = ("ask", QUESTIONS[0], "--writer", "template", "--env", "tiny", "--data-root", finished)
    done = invoke(project / "notebooks", *words)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == invoke(project, *words).stdout


def test_kedro_works_from_a_folder_of_the_project(project, finished):
    words = ("status", "--env", "tiny", "--data-root", finished)
    done = command(project / "notebooks", *words)
    assert done.stdout.endswith(invoke(project, *words).stdout)
    assert "Loading data" not in done.stdout  # logged to stderr, as from the project's own folder


def test_outside_of_any_project_it_is_said(tmp_path):
    done = invoke(tmp_path, "status")
    assert done.exit_code == 1
    assert f"no project in {tmp_path} or above" in done.stderr


def test_writers_keep_out_of_a_run(project, finished, tmp_path):
    (tmp_path / "in.jsonl").write_text(json.dumps({"id": 1, "query": "Why?"}), encoding="utf-8")
    before = contents(finished)
    with run_lock(finished):
        told = predict(project, finished, tmp_path / "in.jsonl", tmp_path / "out.jsonl")
        made = invoke(project, "demo-data", "--customers", 50, "--data-root", finished)
    for done in (told, made):
        assert done.exit_code == 1
        assert f"another run writes to {finished}" in done.stderr
    assert contents(finished) == before
    assert not (tmp_path / "out.jsonl").exists()


def test_mended_code_answers_again(project, finished, tmp_path, monkeypatch):
    (tmp_path / "in.jsonl").write_text(
        json.dumps({"id": 1, "query": "Why do customers without dependents leave?"}),
        encoding="utf-8",
    )
    cache, counts = finished / "07_model_output" / "churn" / "prediction_cache", []
    for code in ("one", "one", "two"):
        monkeypatch.setattr(records, "code_hash", lambda code=code: code)
        predict(project, finished, tmp_path / "in.jsonl", tmp_path / "out.jsonl")
        counts.append(len(list(cache.iterdir())))
    assert counts[0] == counts[1] == counts[2] - 1


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("check-data", {"--encoding", "--env", "--schema", "--task", "--trade"}),
        ("fetch-models", {"--env", "--revision"}),
        ("lineage", {"--check"}),
        ("status", {"--env", "--data-root"}),
    ],
)
def test_no_command_has_an_option_that_does_nothing(name, options):
    found = {o for each in cli.commands[name].params for o in each.opts if o.startswith("--")}
    assert {option for option in found if option != "--help"} == options


def test_a_plan_says_what_fits_and_what_to_change(project):
    done = invoke(project, "plan", "--env", "t4")
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [
        line[0] for line in lines if line[0] in {"embedding", "teacher", "training", "answering"}
    ]
    assert all("yes" in line or "no" in line for line in lines if line[0] == "training")


def test_no_student_no_export(project, finished):
    done = invoke(project, "export", "churn", "--data-root", finished)
    assert done.exit_code == 1
    assert "no student has been trained" in done.stderr


def test_a_student_that_is_not_there_cannot_answer(project, finished):
    done = invoke(
        project,
        "ask",
        QUESTIONS[0],
        "--writer",
        "student",
        "--data-root",
        finished,
        "--env",
        "tiny",
    )
    assert done.exit_code == 1
    assert "never ran" in done.stderr or "no student" in done.stderr


def test_another_writer_answers_again(project, finished, tmp_path):
    source = tmp_path / "questions.jsonl"
    source.write_text(json.dumps({"id": 1, "query": QUESTIONS[0]}), encoding="utf-8")
    said = []
    for writer in ("template", "model"):
        target = tmp_path / f"{writer}.jsonl"
        words = ("--env", "tiny", "--data-root", finished, "--writer", writer)
        assert invoke(project, "predict", "churn", source, target, *words).exit_code == 0
        said.append(json.loads(target.read_text(encoding="utf-8"))["answer"]["model"])
    assert said[0] == "template"
    assert "SmolLM2" in said[1]
