import json
import shutil

import click
import pytest
from click.testing import CliRunner
from kedro.framework.cli.utils import find_run_command
from kedro.io.core import DatasetError

from churnlens.cli import PlainGroup, cli, run
from commands import QUESTIONS, contents, invoke

FORMATS = {
    "demo-data": "CSV, utf-8",
    "fetch-models": "safetensors or GGUF",
    "check-data": "utf-8, utf-8-sig, gbk, gb18030 or utf-16",
    "ask": "JSON object",
    "predict": "JSON lines {id, query}",
    "status": "state, name, reason",
    "lineage": "HTML",
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


@pytest.mark.parametrize("error", [DatasetError("no file x"), PermissionError("x is locked")])
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
    words = ("--customers", 120, "--seed", seed, "--data-root", folder)
    done = invoke(project, "demo-data", *words)
    assert "120 customers and the planted truth" in done.stdout
    return contents(folder)


def test_demo_data_same_seed_same_bytes(project, tmp_path):
    first = demo(project, tmp_path / "a", 5)
    assert set(first) == {
        "01_raw/customers.csv",
        "01_raw/customers_truth.json",
        "01_raw/customers_truth.parquet",
    }
    assert demo(project, tmp_path / "b", 5) == first
    assert demo(project, tmp_path / "c", 6) != first


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("demo-data", "--customers", 0), "0 is not in the range x>=1"),
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
    root = () if words[0] in {"run", "check-data"} else ("--data-root", tmp_path / "data")
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
    done = invoke(project, "ask", "Why?", "--data-root", tmp_path / "data")
    assert done.exit_code == 1
    assert "table.parquet" in done.stderr
    assert "kedro run --pipelines churn" in done.stderr


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
    assert "1 answers and 0 bad rows" in done.stdout
    row = json.loads((tmp_path / "out.jsonl").read_text(encoding="utf-8"))
    assert row["id"] == "甲"
    assert row["answer"]["status"] == "answered"


def test_predict_refuses_bytes_without_an_encoding(project, finished, tmp_path):
    (tmp_path / "in.jsonl").write_bytes(b'{"id": 1}\n\xff\xff\xff')
    done = predict(project, finished, tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    assert done.exit_code == 1
    assert "fails at line 2" in done.stderr
    assert not (tmp_path / "out.jsonl").exists()
