"""Questions for the rate of every value of a column, in both languages."""

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from churnlens.evidence.questions import parse_question
from evidence.planted import gym_members, gym_schema
from evidence.questions_support import BANK, TELCO, expected, plain, random_table

GYM = gym_schema()
SCHEMAS = {
    "telco": (TELCO, random_table(TELCO)),
    "bank": (BANK, random_table(BANK)),
    "gym": (GYM, gym_members(300, seed=1)),
}
COLUMNS = [(name, c) for name, (schema, _) in SCHEMAS.items() for c in schema.attributes()]
FIBER = "InternetService=Fiber optic"


def ask(question: str, name: str = "telco"):
    return parse_question(question, *SCHEMAS[name])


@pytest.mark.parametrize(
    ("question", "columns", "cohort"),
    [
        ("Which contract has the highest churn?", ["Contract"], "all"),
        ("Which contract type has the highest churn?", ["Contract"], "all"),
        ("Churn by payment method", ["PaymentMethod"], "all"),
        ("Compare churn by contract", ["Contract"], "all"),
        ("Compare churn by tech support", ["TechSupport"], "all"),
        ("How does churn differ across contract types?", ["Contract"], "all"),
        ("Churn by gender and contract", ["gender", "Contract"], "all"),
        ("Churn by contract and tech support", ["Contract", "TechSupport"], "all"),
        ("What is the churn rate for each contract type among seniors?", ["Contract"],
         "SeniorCitizen=1"),
        ("Churn rate per contract among seniors", ["Contract"], "SeniorCitizen=1"),
        ("Is churn correlated with gender?", ["gender"], "all"),
        ("Does contract type affect churn?", ["Contract"], "all"),
        ("How does tenure relate to leaving?", ["tenure"], "all"),
        ("按合同比较流失率", ["Contract"], "all"),
        ("按合同类型比较流失率", ["Contract"], "all"),
        ("哪种合同的流失率最高？", ["Contract"], "all"),
        ("不同合同的流失率", ["Contract"], "all"),
        ("各支付方式的流失率是多少", ["PaymentMethod"], "all"),
        ("光纤客户中，各合同类型的流失率", ["Contract"], FIBER),
        ("月费和流失相关吗", ["MonthlyCharges"], "all"),
        ("按技术支持比较流失率", ["TechSupport"], "all"),
    ],
)  # fmt: skip
def test_the_columns_are_those_that_are_asked_by(question, columns, cohort):
    query = ask(question)
    assert query.problems == ()
    assert query.by == tuple(columns)
    assert query.compare_to is None
    assert plain(query.cohort, TELCO) == plain(expected(cohort, *SCHEMAS["telco"]), TELCO)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Churn by total charges", "total charges"),
        ("Which total charges have the highest churn?", "total charges"),
        ("按累计费用比较流失率", "累计费用"),
    ],
)
def test_a_number_without_bands_is_refused_by_name(question, words):
    assert ask(question).problems == (f"unknown_breakdown: {words}",)
    assert ask(question).by == ()


@pytest.mark.parametrize(
    "question",
    [
        "Why do fiber customers leave?",
        "What keeps customers who pay by credit card loyal?",
        "Show me what is linked to leaving for customers who pay by credit card.",
        "Why do customers paying by mailed check leave?",
        "Besides price, what else drives fiber churn?",
        "Is the leaving of fiber clients caused by bad support or by prices?",
        "Why do customers whose monthly charges are above 80 leave?",
        "Compare seniors with others",
        "Which churns more, fiber or DSL?",
        "How do we reduce churn by contract type?",
        "Which internet service is DSL?",
        "Why do customers billed by paperless billing leave?",
        "按电子账单付款的客户为什么流失",
        "月费超过80的客户为什么流失",
        "光纤和DSL哪个流失率高",
        "用信用卡付款的客户为什么流失",
    ],
)
def test_other_questions_ask_by_nothing(question):
    query = ask(question)
    assert query.by == ()
    assert not any(each.startswith("unknown_breakdown") for each in query.problems)


@settings(max_examples=300, derandomize=True)
@given(
    st.sampled_from(COLUMNS),
    st.sampled_from(
        ["churn rate by {en}", "Compare churn by {en}", "churn per {en}", "按{zh}比较流失率"]
    ),
)
def test_any_column_is_asked_by_or_refused(column, form):
    name, described = column
    query = ask(form.format(en=described.label.en, zh=described.label.zh), name)
    assert (query.by == (described.name,) and not query.cohort) if query.answerable else True
    assert query.compare_to is None
    assert bool(query.by) or bool(query.problems)


@pytest.mark.parametrize(
    ("question", "cohort"),
    [
        ("Churn by contract, seniors only", "SeniorCitizen=1"),
        ("Churn by contract, tech support only", "TechSupport=Yes"),
        ("Churn by contract, for tech support customers", "TechSupport=Yes"),
        ("Compare churn by contract for seniors", "SeniorCitizen=1"),
        ("按合同比较流失率，只看老年客户", "SeniorCitizen=1"),
        ("按合同比较老年客户的流失率", "SeniorCitizen=1"),
    ],
)
def test_a_group_behind_the_column_stays_a_group(question, cohort):
    query = ask(question)
    assert (query.by, query.compare_to) == (("Contract",), None)
    assert plain(query.cohort, TELCO) == plain(expected(cohort, *SCHEMAS["telco"]), TELCO)


@pytest.mark.parametrize(
    "question",
    ["Compare seniors with others by contract", "Compare fiber and DSL customers by contract"],
)
def test_two_groups_stay_a_comparison(question):
    query = ask(question)
    assert query.compare_to is not None and query.by == () and query.ask == "compare"


def test_a_column_that_the_customers_are_chosen_by_divides_nothing():
    query = ask("Which contract has the highest churn, for customers on a one-year contract?")
    assert query.by == ()
    assert [each.column for each in query.cohort] == ["Contract"]
