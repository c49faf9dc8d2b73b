"""Lists of customers, words that nobody knows, and amounts: refused, each with its own reason."""

import pytest

from churnlens.evidence.questions import parse_question
from evidence.questions_support import TELCO, random_table

TABLE = random_table(TELCO)


def keys(question: str) -> list[str]:
    problems = parse_question(question, TELCO, TABLE).problems
    return [each.partition(":")[0] for each in problems]


@pytest.mark.parametrize(
    "question",
    [
        "List fiber customers who left",
        "List all customers who left",
        "Please list the seniors who churned",
        "Can you list DSL customers at risk?",
        "Give me the top 5 customers at risk",
        "Show me the top ten customers most likely to leave",
        "Give me a list of fiber customers who left",
        "Give me a customer list of leavers",
        "Export the list of churned customers",
        "Export churned customers",
        "list customers",
        "列出流失的光纤客户",
        "请列出所有流失客户",
        "把流失的老年客户列出来",
        "给我前10名高风险客户",
        "流失客户名单",
        "导出流失客户名单",
        "给我光纤流失客户的名单",
        "帮我导出流失的光纤客户",
    ],
)
def test_single_customers_are_not_listed(question):
    assert keys(question) == ["customer_list"]


@pytest.mark.parametrize(
    "question",
    [
        "list the reasons why fiber customers leave",
        "List churn reasons, seniors only",
        "List complaints of fiber customers who left",
        "List the churn rate of fiber customers",
        "Give me the top three grievances of DSL households with children.",
        "Why do the top 10% of customers by monthly charges leave?",
        "列出光纤客户的流失原因",
        "列出光纤客户的流失率",
    ],
)
def test_reasons_and_rates_are_listed(question):
    assert keys(question) == []


def test_personal_data_stay_so_beside_a_list():
    assert "personal_data" in keys("List the phone numbers of customers who left")
    assert set(keys("导出流失客户的手机号名单")) == {"personal_data", "customer_list"}


@pytest.mark.parametrize("question", ["asdf qwer zxcv", "asdf jkl qwerty uiop", "噼啪嘭嚓唰"])
def test_words_that_nobody_knows_are_unreadable(question):
    assert keys(question) == ["unreadable"]


@pytest.mark.parametrize(
    "question",
    ["How long does sourdough bread have to bake?", "酸面包要烤多久？", "张伟是不是要走"],
)
def test_what_can_be_read_is_off_topic(question):
    assert keys(question) == ["off_topic"]


@pytest.mark.parametrize(
    ("refused", "answered"),
    [
        ("How much do churned customers pay?", "How many customers pay over $80?"),
        ("How much do fiber customers who left pay per month?",
         "How much more do seniors leave than others?"),
        ("How much do customers pay who leave?", "Why do customers who pay a lot leave?"),
    ],
)  # fmt: skip
def test_what_customers_pay_is_no_rate(refused, answered):
    assert keys(refused) == ["unknown_measure"]
    assert keys(answered) == []
