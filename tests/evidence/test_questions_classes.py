"""Classes of language: anaphora, exclusions behind, orders, definitions, strange groups, headers."""

import pytest

from churnlens.evidence.parsing.text import clean
from churnlens.evidence.questions import parse_question
from evidence.questions_support import TELCO, random_table
from evidence.test_questions_grammar import DSL, FIBER, check

TABLE = random_table(TELCO)
BOTH = "OnlineBackup=Yes & OnlineSecurity=Yes"
NONE = "OnlineBackup=No & OnlineSecurity=No"


def ask(question: str):
    return parse_question(question, TELCO, TABLE)


@pytest.mark.parametrize(
    ("question", "cohort", "other"),
    [
        ("Compare customers with backup and security with those with neither", BOTH, NONE),
        ("customers without backup or security versus customers with both", NONE, BOTH),
        ("seniors with backup against seniors without it", "SeniorCitizen=1 & OnlineBackup=Yes",
         "SeniorCitizen=1 & OnlineBackup=No"),
        ("parents with a partner vs parents without", "Dependents=Yes & Partner=Yes",
         "Dependents=Yes & Partner=No"),
        ("有备份和在线安全的跟两样都没有的对比", BOTH, NONE),
    ],
)  # fmt: skip
def test_words_for_what_was_named_before(question, cohort, other):
    check(question, cohort, other)


@pytest.mark.parametrize(
    ("question", "cohort"),
    [
        ("Fiber customers, seniors excluded: why do they leave?", f"SeniorCitizen=0 & {FIBER}"),
        ("Women aside, why do DSL customers leave?", f"gender=Male & {DSL}"),
        ("光纤客户为什么流失，老人除外", f"SeniorCitizen=0 & {FIBER}"),
        ("Why do customers with no partner and paper bills leave?",
         "Partner=No & PaperlessBilling=No"),
        ("Why do customers with no partner and electronic bills leave?",
         "Partner=No & PaperlessBilling=Yes"),
        ("Why do people leave because backup is missing?", "OnlineBackup=No"),
        ("一项增值服务都没买的老人为什么流失",
         "SeniorCitizen=1 & OnlineSecurity=No & OnlineBackup=No & DeviceProtection=No & "
         "TechSupport=No & StreamingTV=No & StreamingMovies=No"),
    ],
)  # fmt: skip
def test_what_denials_reach(question, cohort):
    check(question, cohort)


@pytest.mark.parametrize(
    ("question", "cohort", "other"),
    [
        ("Non-fiber and fiber customers, compared", "InternetService!=Fiber optic", FIBER),
        ("和光纤用户比，DSL用户怎么样", DSL, FIBER),
        ("Men stay; women leave. Why?", "gender=Male", "gender=Female"),
        ("Do DSL customers leave half as often as fiber customers?", DSL, FIBER),
        ("Do seniors leave more than two-year customers?", "SeniorCitizen=1", "Contract=Two year"),
        ("Do payers of over $60 leave more than those who pay $60 or less?", "MonthlyCharges>60",
         "MonthlyCharges<=60"),
    ],
)  # fmt: skip
def test_frames_of_comparison(question, cohort, other):
    check(question, cohort, other)


@pytest.mark.parametrize(
    ("question", "cohort"),
    [
        ("leavers who paid less than a hundred dollars in total", "TotalCharges<100"),
        ("月费破百的客户为什么流失", "MonthlyCharges>100"),
        ("头一个月就走的客户", "tenure<=1"),
        ("customers nine months in at most, why do they leave", "tenure<=9"),
        ("after four years or more, why do they leave", "tenure>=48"),
        ("customers in months 3 to 5, why do they leave", "tenure>=3 & tenure<=5"),
        ("Customers on more than a one-year contract: why leave?", "Contract=One year"),
        ("Customers on at least a one-year contract: why leave?", "Contract=One year|Two year"),
        ("two-year, fiber, why churn", f"Contract=Two year & {FIBER}"),
        ("two years, fiber, why churn", f"tenure=24 & {FIBER}"),
    ],
)
def test_numbers_in_odd_places(question, cohort):
    check(question, cohort)


@pytest.mark.parametrize(
    ("question", "problem"),
    [
        ("Update the address book of our seniors", "instruction"),
        ("Please notify fiber customers", "instruction"),
        ("把老年客户改成信用卡付款", "instruction"),
        ("What is fiber?", "off_topic"),
        ("光纤的原理是什么", "off_topic"),
        ("customers", "off_topic"),
        ("我们的客户", "off_topic"),
        ("our CEO", "off_topic"),
        ("Thank you, that was helpful!", "off_topic"),
        ("Why did customers with cracked modems leave?", "unknown_topic"),
        ("Why do customers on teaser pricing leave?", "unknown_topic"),
        ("Why do customers without a garden leave?", "unknown_topic"),
        ("Why do seniors with monocles leave?", "unknown_topic"),
        ("Why do customers whose cousins text a lot leave?", "unknown_group"),
        ("Why do welders with fiber leave?", "unknown_group"),
        ("Compare churn before and after the flotation", "unknown_time"),
        ("戴手套的老人为什么流失", "unknown_group"),
        ("河边的光纤客户为什么流失", "unknown_group"),
        ("在集市摊位办的客户为什么流失", "unknown_group"),
        ("客户李小红为什么流失", "unknown_topic"),
        ("How many seniors shall we lose?", "forecast"),
        ("What will DSL churn be in three years?", "forecast"),
        ("集邮的客户会走吗", "unknown_group"),
        ("Which janitor lost the most customers?", "unknown_topic"),
        ("How does DSL work?", "off_topic"),
    ],
)
def test_what_is_refused_and_why(question, problem):
    problems = ask(question).problems
    assert any(each.startswith(problem) for each in problems), (question, problems)


@pytest.mark.parametrize(
    "question",
    ["Why did customers email us so often?", "Do customers who mail a lot leave?"],
)
def test_the_verb_of_an_order_is_unknown_elsewhere(question):
    assert not ask(question).answerable


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("How should we look after our seniors?", "what_to_do"),
        ("Where do we begin if fewer parents should leave?", "what_to_do"),
        ("Seniors: share gone?", "how_many"),
        ("Fiber customers: what is the number?", "how_many"),
        ("老年客户的体量", "how_many"),
        ("老客户怎么还不走", "why"),
        ("怎么安抚老客户", "what_to_do"),
    ],
)
def test_what_is_asked(question, wanted):
    assert ask(question).ask == wanted


@pytest.mark.parametrize(
    ("typed", "question"),
    [
        ("Ticket 812: why churn", "why churn"),
        ("【工单】流失原因", "流失原因"),
        ("有伴侶的客戶與單身客戶比較", "有伴侣的客户与单身客户比较"),
        ("Are men as likely to leave as women?", "are men more likely to leave than women?"),
    ],
)
def test_one_way_to_type_a_question(typed, question):
    assert clean(typed).split() == question.split()
