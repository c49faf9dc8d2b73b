"""Spoken language: slips taken back, words left out, talk before the question, counts, colour."""

import pytest

from churnlens.evidence.query import Condition
from churnlens.evidence.questions import parse_question
from evidence.questions_support import TELCO, random_table
from evidence.test_questions_grammar import DSL, FIBER, check

TABLE = random_table(TELCO)
FIRST, SECOND = "tenure<=12", "tenure>12 & tenure<=24"
BOTH = "StreamingTV=Yes & StreamingMovies=Yes"
NEITHER = "StreamingTV=No & StreamingMovies=No"


def ask(question: str):
    return parse_question(question, TELCO, TABLE)


@pytest.mark.parametrize(
    ("question", "cohort"),
    [
        ("DSL, no, fiber customers: why do they leave?", FIBER),
        ("Why do women, I mean men, leave?", "gender=Male"),
        ("How many seniors, sorry, women left?", "SeniorCitizen=1 & gender=Female"),
        ("Customers under 6 months, scratch that, 12 months: why do they leave?", "tenure<12"),
        ("光纤客户，不对，DSL客户为什么流失", DSL),
        ("女的，口误，男的为什么流失", "gender=Male"),
        ("DSL，不，光纤客户流失率", FIBER),
        ("不是光纤的客户为什么流失", "InternetService!=Fiber optic"),
    ],
)
def test_a_slip_that_is_taken_back_selects_nobody(question, cohort):
    check(question, cohort)


@pytest.mark.parametrize(
    ("question", "cohort"),
    [
        ("Why do customers who went paperless leave?", "PaperlessBilling=Yes"),
        ("Why do those who never went paperless leave?", "PaperlessBilling=No"),
        ("走光纤的客户为什么流失", FIBER),
        ("没走电子账单的客户为什么流失", "PaperlessBilling=No"),
        ("Backup-less seniors, why do they leave?", "SeniorCitizen=1 & OnlineBackup=No"),
        ("Why do new customers with DSL or with no internet leave?",
         "tenure<=6 & InternetService=DSL|No"),
        ("Men paying by neither mailed nor electronic check: why do they leave?",
         "gender=Male & PaymentMethod=Bank transfer (automatic)|Credit card (automatic)"),
        ("月租客户为什么流失", "Contract=Month-to-month"),
        ("包月的老人为什么流失", "SeniorCitizen=1 & Contract=Month-to-month"),
    ],
)  # fmt: skip
def test_verbs_heads_and_suffixes(question, cohort):
    check(question, cohort)


@pytest.mark.parametrize(
    ("question", "cohort", "other"),
    [
        ("Is the second year worse than the first?", SECOND, FIRST),
        ("Do customers in their first year leave more than those in their second?", FIRST, SECOND),
        ("第一年比第二年流失多吗", FIRST, SECOND),
        ("Customers without a backup compared with those who have it", "OnlineBackup=No",
         "OnlineBackup=Yes"),
        ("没有备份的客户跟有的客户相比，谁流失多", "OnlineBackup=No", "OnlineBackup=Yes"),
        ("Compare those who stream both with those who stream neither", BOTH, NEITHER),
        ("没开电视也没开电影的客户，和电视、电影都有的客户相比，为什么流失高", NEITHER, BOTH),
        ("女客户较男客户，流失更多吗", "gender=Female", "gender=Male"),
        ("What is different about seniors from everyone else?", "SeniorCitizen=1",
         "SeniorCitizen=0"),
        ("Why does fiber lose more than DSL and no-internet together?", FIBER,
         "InternetService=DSL|No"),
        ("Is there a relationship between tech support and churn?", "TechSupport=Yes",
         "TechSupport=No"),
    ],
)  # fmt: skip
def test_comparisons_whose_words_are_left_out(question, cohort, other):
    check(question, cohort, other)


def test_the_complement_of_a_chinese_list_is_of_the_whole_list():
    query = ask("光纤、无纸化、女性，这类客户跟其余客户比一比")
    assert len(query.cohort) == 3
    assert len(query.compare_to) == 1 and len(query.compare_to[0].any_of) == 3


@pytest.mark.parametrize(
    "question",
    [
        "I hope the holidays were restful. When you have a moment, why do fiber customers leave?",
        "My apologies for the weather talk earlier, but why do fiber customers leave?",
        "Thanks for yesterday's call! Why do fiber customers leave?",
        "昨天加班到半夜，光纤客户为什么流失",
        "北京又堵车，言归正传，光纤客户为什么流失",
    ],
)
def test_talk_before_the_question_restricts_nobody(question):
    check(question, FIBER)


@pytest.mark.parametrize(
    ("question", "ask_", "answered"),
    [
        ("Need a save plan for seniors by Monday", "what_to_do", True),
        ("How many seniors left by Monday?", "how_many", False),
        ("Are there more than 300 seniors on DSL?", "how_many", True),
        ("用光纤的老人超过一千人吗", "how_many", True),
        ("Why do customers with 300 kids leave?", "why", False),
        ("Suggest the next best action for seniors", "what_to_do", True),
        ("What ought we to do about seniors?", "what_to_do", True),
        ("老人总走，该怎么办", "what_to_do", True),
        ("Do most fiber customers leave?", "how_many", True),
        ("How do I switch e-check users to autopay?", "what_to_do", True),
    ],
)
def test_what_is_asked_and_when_it_is_due(question, ask_, answered):
    query = ask(question)
    assert (query.ask, query.answerable) == (ask_, answered)


@pytest.mark.parametrize(
    "question",
    [
        "Two-year customers should not be leaving. Why?",
        "Women were never meant to leave, why did they?",
        "签两年的本不应该走，为什么走了",
    ],
)
def test_what_should_not_have_happened_has_happened(question):
    assert ask(question).outcome == "left"


@pytest.mark.parametrize(
    ("question", "answered"),
    [
        ("Why do our dear fiber customers leave?", True),
        ("亲爱的光纤客户为什么流失", True),
        ("Why do angry fiber customers leave?", False),
        ("Why do our impatient seniors leave?", False),
        ("脾气火爆的光纤客户为什么流失", False),
        ("Which words do unhappy fiber customers use?", True),
        ("Delete every senior who left", False),
        ("Remove all seniors from the table", False),
        ("给老人都打八折", False),
        ("Why do customers with no internet on fiber leave?", False),
        ("By how much is churn expected to rise in the coming year?", False),
        ("How do you pronounce churn?", False),
        ("流失率的英文怎么念", False),
        ("历任店长任期内的流失率", False),
    ],
)
def test_what_restricts_unknowingly_or_commands_is_refused(question, answered):
    assert ask(question).answerable is answered


@pytest.mark.parametrize(
    ("question", "column", "op", "value"),
    [
        ("正好满一年的客户为什么流失", "tenure", "eq", 12),
        ("Customers who paid over $3,000 with us: why do they leave?", "TotalCharges", "gt", 3000),
        ("付了超过3000美元的客户为什么流失", "TotalCharges", "gt", 3000),
        ("Customers with monthly charges over $3,000: why?", "MonthlyCharges", "gt", 3000),
        ("Customers who paid over $90 so far: why do they leave?", "TotalCharges", "gt", 90),
        ("TechSupport = 'No internet service': why?", "TechSupport", "eq", "No internet service"),
    ],
)
def test_amounts_and_cells(question, column, op, value):
    assert ask(question).cohort == (Condition(column=column, op=op, value=value),)


def test_two_neighbouring_numerals_are_a_range():
    bounds = [(each.op, each.value) for each in ask("月费七八十块的客户为什么流失").cohort]
    assert bounds == [("ge", 70), ("le", 80)]
