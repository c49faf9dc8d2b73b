import json

import pandas as pd
import pytest

from churnlens.evidence import breakdown
from churnlens.evidence.query import select
from churnlens.schema import Condition
from churnlens.tasks.churn.answers import Answer
from churnlens.tasks.churn.judging import score_answers
from churnlens.tasks.churn.writers import TemplateWriter

FIBER = "Why do fiber customers leave?"


@pytest.fixture(scope="module")
def analyst(make_analyst):
    return make_analyst()


def test_an_answer_counts_the_whole_cohort(analyst, table):
    answer = analyst.ask(FIBER)
    fiber = table[table["InternetService"] == "Fiber optic"]
    assert answer.status == "answered"
    assert answer.cohort.size == len(fiber)
    assert answer.cohort.churn_rate == pytest.approx((fiber["Churn"] == "Yes").mean())
    left = table["Churn"] == "Yes"
    assert answer.cohort.lift == pytest.approx(left[fiber.index].mean() / left.mean())
    low, high = answer.cohort.churn_rate_ci
    assert low < answer.cohort.churn_rate < high


def test_the_public_contract_is_complete(analyst):
    answer = json.loads(analyst.ask(FIBER).model_dump_json())
    assert isinstance(answer["summary"], str)
    assert answer["top_reasons"]
    assert answer["actions"]
    assert answer["risk_level"] in ("low", "medium", "high")
    assert set(answer["risk_components"]) == {
        "churn_rate",
        "tenure_risk",
        "charge_risk",
        "contract_risk",
    }
    assert Answer.model_validate(answer).model_dump(mode="json") == answer


def test_every_claim_stands_on_statistics_and_documents_that_are_there(analyst):
    answer = analyst.ask(FIBER)
    assert answer.claims
    for claim in answer.claims:
        assert claim.stat_ids
        assert set(claim.stat_ids) <= set(answer.statistics)
        assert set(claim.doc_ids) <= set(answer.citations)
    assert set(answer.citations) == set(answer.documents)


@pytest.mark.parametrize(
    ("question", "outcome", "column"),
    [
        (FIBER, "Yes", "Fiber optic"),
        ("为什么光纤客户会流失？", "Yes", "Fiber optic"),
        ("Why do DSL customers stay?", "No", "DSL"),
    ],
)
def test_evidence_is_inside_the_cohort_and_of_the_asked_outcome(
    analyst, table, question, outcome, column
):
    answer = analyst.ask(question)
    cited = table[table["customerID"].isin(answer.citations)]
    assert len(cited) == len(answer.citations) > 0
    assert (cited["Churn"] == outcome).all()
    assert (cited["InternetService"] == column).all()


def test_a_driver_is_illustrated_by_those_who_have_it(analyst, table):
    answer = analyst.ask("Why do customers leave?")
    claims = [claim for claim in answer.claims if "month-to-month" in claim.text]
    cited = [key for claim in claims for key in claim.doc_ids]
    assert (table[table["customerID"].isin(cited)]["Contract"] == "Month-to-month").all()


def test_the_same_question_gives_the_same_bytes(analyst):
    texts = {analyst.ask(FIBER).model_dump_json() for _ in range(20)}
    assert len(texts) == 1


def test_a_chinese_question_gets_a_chinese_answer(analyst):
    answer = analyst.ask("为什么光纤客户会流失？")
    assert answer.language == "zh"
    assert "光纤" in answer.summary
    assert all("光纤" in answer.claims[0].text for _ in answer.claims)


def test_small_groups_get_no_statistics(analyst):
    answer = analyst.ask("Why do senior DSL customers with a two-year contract leave?")
    assert answer.status == "too_few"
    assert not answer.claims
    assert "Too few" in answer.summary


def test_what_the_table_does_not_know_is_refused_by_name(analyst):
    answer = analyst.ask("Why do customers with high income leave?")
    assert answer.status == "not_answerable"
    assert "income" in " ".join(answer.problems)
    assert answer.cohort is None
    assert answer.risk_level is None


def test_nothing_says_cause(analyst):
    answer = analyst.ask(FIBER)
    said = " ".join([answer.summary, *(claim.text for claim in answer.claims)])
    assert "associated with" in said
    assert "cause" not in said.lower()


def test_no_direction_is_claimed_where_the_interval_leaves_it_open(analyst):
    claims = [claim.text for claim in analyst.ask("Why do women leave?").claims]
    assert any("no clear difference" in text for text in claims)
    assert not any("women" in text and "often" in text for text in claims)
    versus = analyst.ask("Do women leave more often than men?").claims[0].text
    assert "no clear difference" in versus


def test_too_few_names_the_group_that_is_too_small(analyst, table):
    query = analyst.parse("Compare fiber customers with DSL customers")
    small = [
        Condition(column="InternetService", op="eq", value="DSL"),
        Condition(column="tenure", op="eq", value=3),
        Condition(column="gender", op="eq", value="Male"),
    ]
    (answer,) = analyst.compose(
        [analyst.tell(query.model_copy(update={"compare_to": tuple(small)}))]
    )
    size = int(select(small, table).sum())
    assert answer.status == "too_few"
    assert f"{size} customers" in answer.summary
    assert "fiber" not in answer.summary
    assert "DSL" in answer.summary


def test_personal_data_in_a_question_do_not_come_back(analyst):
    answer = analyst.ask("I am on 13812345678, why do fiber customers in Atlantis leave?")
    assert "13812345678" not in answer.model_dump_json()


def test_quoted_reasons_are_those_of_the_quotes_and_coverage_is_told(analyst):
    answer = analyst.ask(FIBER)
    (voices,) = [claim for claim in answer.claims if "quoted" in claim.text]
    assert set(voices.doc_ids) <= set(answer.documents)
    assert {answer.statistics[key].measure for key in voices.stat_ids} == {"coverage"}
    drivers = [claim for claim in answer.claims if claim.text.startswith("Within the group")]
    assert drivers and not any(claim.doc_ids for claim in drivers)


@pytest.mark.parametrize(
    ("question", "column", "opening"),
    [
        ("Which contract has the highest churn?", "Contract", "By contract: "),
        ("按合同比较流失率", "Contract", "按合同："),
        ("Churn rate by tenure", "tenure", "By tenure: "),
    ],
)
def test_rates_by_the_values_of_a_column_are_claims_and_one_sentence(
    analyst, table, question, column, opening
):
    answer = analyst.ask(question)
    assert answer.status == "answered" and answer.checks.dropped == ()
    (divided,) = analyst.study(analyst.parse(question)).breakdown
    claims = answer.claims[1 : 1 + len(divided.told)]
    said = [answer.statistics[claim.stat_ids[2]] for claim in claims]
    left = table["Churn"] == "Yes"
    for cell, (part, _) in zip(said, divided.told, strict=True):
        rows = select(part.conditions, table)
        assert (cell.n, cell.value) == (rows.sum(), pytest.approx(left[rows].mean()))
        assert f"{part.label.of(answer.language)} {cell.shown(answer.language)}" in answer.summary
    assert opening in answer.summary
    assert [cell.value for cell in said] == sorted((c.value for c in said), reverse=True)
    assert column not in {each.column for each in answer.cohort.filter}


def test_the_judge_finds_every_number_of_a_breakdown(analyst, table, monkeypatch):
    monkeypatch.setattr(breakdown, "MOST_PARTS", 2)
    answers = [analyst.ask("Churn by payment method"), analyst.ask("各支付方式的流失率")]
    feedback = pd.DataFrame(
        {"customer": table["customerID"], "feedback": table["CustomerFeedback"]}
    )
    score = score_answers(answers, [None, None], table, feedback, analyst.schema)
    assert score.numbers.value == score.claims.value == 1.0
    assert all("left out: 2" in a.summary or "未列出的组：2个" in a.summary for a in answers)


def test_a_writer_is_not_given_the_rates_by_the_values_of_a_column(analyst):
    asked = analyst.parse("Which contract has the highest churn?")
    told, plain = analyst.tell(asked), analyst.tell(asked.model_copy(update={"by": ()}))
    assert any(each.kind == "breakdown" for each in told.findings)
    said = [[each.sentence for each in analyst.brief(t).findings] for t in (told, plain)]
    assert said[0] == said[1] == [each.sentence for each in plain.findings]


class Recorder(TemplateWriter):
    """A writer of another name that keeps what it was given."""

    name = "recorder"

    def write(self, briefs):
        self.kinds = [finding.kind for brief in briefs for finding in brief.findings]
        return super().write(briefs)


def test_the_rates_of_a_column_stand_behind_the_first_sentence_of_any_writer(make_analyst):
    writer = Recorder()
    question = "Which contract has the highest churn?"
    answer, plain = make_analyst(writer).ask(question), make_analyst().ask(question)
    assert writer.kinds and "breakdown" not in writer.kinds
    assert answer.model == "recorder"
    assert answer.claims == plain.claims
    assert "month-to-month" in answer.claims[1].text and answer.claims[1].text.endswith(" %).")
