"""Another trade from file to answer: a bank, with nothing but a schema file and a table."""

import json
import re

import pytest

from bank import bank_customers
from commands import command, invoke, parameters

pytestmark = pytest.mark.slow

SCHEMA = "tests/schemas/bank.yml"
QUESTIONS = [
    "Why do German customers leave?",
    "为什么德国的客户会流失？",
    "Why do customers with a mortgage leave?",
]
TELCO = r"fiber|optic|internet|telco|telecom|streaming|month-to-month|monthly|宽带|光纤|月费"


@pytest.fixture(scope="module")
def bank():
    return bank_customers()


@pytest.fixture(scope="module")
def root(project, models, bank, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bank")
    bank.to_csv(folder / "bank.csv", index=False, encoding="gb18030")
    (folder / "questions.yml").write_text(json.dumps(QUESTIONS), encoding="utf-8")
    command(
        project, "run", *parameters(folder / "data", folder / "bank.csv", schema=project / SCHEMA)
    )
    return folder / "data"


@pytest.fixture
def ask(project, root):
    """Ask as a user does who has only the folder: no schema, no table."""

    def answer(question: str) -> dict:
        words = ("--env", "tiny", "--data-root", root, "--writer", "template", "--json")
        done = invoke(project, "ask", question, *words)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    return answer


@pytest.mark.parametrize(
    ("question", "language"),
    [("Why do inactive French customers leave?", "en"), ("为什么不活跃的法国客户会流失？", "zh")],
)
def test_ask_needs_only_the_folder(ask, bank, question, language):
    answer = ask(question)
    group = bank[(bank["IsActiveMember"] == 0) & (bank["Geography"] == "France")]
    assert answer["language"] == language
    assert answer["cohort"]["size"] == len(group)
    assert answer["cohort"]["churn_rate"] == pytest.approx(group["Exited"].mean())


def test_a_question_of_another_trade_is_refused(ask):
    answer = ask("为什么光纤客户会流失？")
    assert answer["status"] == "not_answerable"
    assert answer["cohort"] is None
    assert not answer["claims"]


@pytest.fixture(scope="module")
def answers(root):
    lines = (root / "07_model_output" / "churn" / "answers.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in lines.splitlines()]


def test_cohorts_and_the_planted_driver_in_both_languages(answers, bank):
    group = bank[bank["Geography"] == "Germany"]
    for answer in answers[:2]:
        assert answer["status"] == "answered"
        assert answer["cohort"]["size"] == len(group)
        assert answer["cohort"]["churn_rate"] == pytest.approx(group["Exited"].mean())
    assert "inactive" in answers[0]["top_reasons"][0]
    assert "不活跃" in answers[1]["top_reasons"][0]
    assert answers[2]["status"] == "not_answerable"


def test_actions_and_citations_are_of_this_trade(answers, bank):
    english = answers[0]
    assert any(action.startswith("Contact inactive customers") for action in english["actions"])
    gone = bank.set_index("CustomerId").loc[english["citations"]]
    assert len(gone)
    assert (gone["Exited"] == 1).all()
    assert (gone["Geography"] == "Germany").all()


def test_the_overview_finds_what_was_planted_and_not_gender(root):
    overview = json.loads((root / "08_reporting/churn/overview.json").read_text(encoding="utf-8"))
    (first, *others) = overview["drivers"]
    assert first["name"] == "IsActiveMember=0"
    assert "Gender" not in {driver["column"] for driver in others}


def test_the_bench_of_another_trade_is_passed_over_and_the_report_is_written(root, bank):
    folder = root / "08_reporting" / "churn"
    metrics = json.loads((folder / "question_metrics.json").read_text(encoding="utf-8"))
    assert metrics == {"skipped": "the bench is not about schema bank"}
    judged = json.loads((folder / "answer_metrics.json").read_text(encoding="utf-8"))
    assert judged["written"]["numbers"]["value"] == 1
    assert judged["written"]["sizes"]["value"] == 1
    assert judged["bench"] is None
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert f"{len(bank)} customers" in report


def test_neither_answers_nor_report_speak_of_telephones(root, answers):
    report = (root / "08_reporting" / "churn" / "report.html").read_text(encoding="utf-8")
    for text in (json.dumps(answers, ensure_ascii=False), report):
        assert re.findall(TELCO, text, re.IGNORECASE) == []


def test_status_reads_the_stages_as_done_without_the_schema(project, root):
    out = invoke(project, "status", "--env", "tiny", "--data-root", root).stdout
    states = dict(reversed(line.split()[:2]) for line in out.splitlines())
    assert states["churn.indexing.build_lexical_index"] == "done"
    assert states["churn.finetuning.fit_risk_models"] == "done"
