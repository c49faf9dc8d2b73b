"""How words join: negation, "or", comparisons, what is asked, and what an unknown word does."""

import pytest

from churnlens.evidence.questions import parse_question
from evidence.questions_support import TELCO, expected, plain, random_table

TABLE = random_table(TELCO)
FIBER, DSL = "InternetService=Fiber optic", "InternetService=DSL"


def check(question: str, cohort: str, other: str | None = None) -> None:
    query = parse_question(question, TELCO, TABLE)
    assert query.problems == (), question
    assert plain(query.cohort, TELCO) == plain(expected(cohort, TELCO, TABLE), TELCO), question
    against = plain(expected(other, TELCO, TABLE), TELCO) if other else None
    assert plain(query.compare_to, TELCO) == against, question


@pytest.mark.parametrize(
    "words",
    ["without tech support", "with no tech support", "who do not have tech support",
     "lacking tech support", "who don't use tech support", "that have not got tech support",
     "who aren't on tech support"],
)  # fmt: skip
def test_every_not_of_an_attribute(words):
    check(f"Why do customers {words} leave?", "TechSupport=No")


@pytest.mark.parametrize(
    "words",
    [
        "没有技术支持的",
        "无技术支持的",
        "未开通技术支持的",
        "不使用技术支持的",
        "缺少技术支持的",
        "没订技术支持的",
    ],
)
def test_every_chinese_not_of_an_attribute(words):
    check(f"{words}客户为什么流失", "TechSupport=No")


@pytest.mark.parametrize(
    "words", ["not on fiber", "without fiber", "except fiber users", "other than fiber users",
              "excluding those on fiber"],
)  # fmt: skip
def test_every_not_of_a_kind(words):
    check(f"Why do customers {words} leave?", "InternetService!=Fiber optic")


@pytest.mark.parametrize(
    ("words", "cohort"),
    [
        ("without online security or tech support", "OnlineSecurity=No & TechSupport=No"),
        ("without online security and tech support", "OnlineSecurity=No & TechSupport=No"),
        ("with neither online security nor tech support", "OnlineSecurity=No & TechSupport=No"),
        ("without tech support and with online security", "OnlineSecurity=Yes & TechSupport=No"),
        ("without tech support but with online security", "OnlineSecurity=Yes & TechSupport=No"),
        ("without tech support and on month-to-month contracts",
         "TechSupport=No & Contract=Month-to-month"),
        ("who are neither on fiber nor on DSL", "InternetService!=Fiber optic|DSL"),
        ("with fiber or without a partner", "InternetService=Fiber optic or Partner=No"),
        ("on month-to-month or one-year contracts", "Contract=Month-to-month|One year"),
        ("who are senior or female", "SeniorCitizen=1 or gender=Female"),
        ("who are seniors, women, or on fiber",
         "SeniorCitizen=1 or gender=Female or InternetService=Fiber optic"),
        ("on fiber who pay by electronic or mailed check",
         "InternetService=Fiber optic & PaymentMethod=Electronic check|Mailed check"),
    ],
)  # fmt: skip
def test_how_far_not_and_or_reach(words, cohort):
    check(f"Why do customers {words} leave?", cohort)


@pytest.mark.parametrize(
    ("words", "cohort"),
    [
        ("没有在线安全和技术支持的", "OnlineSecurity=No & TechSupport=No"),
        ("没有技术支持但有在线安全的", "OnlineSecurity=Yes & TechSupport=No"),
        ("既不用光纤也不用DSL的", "InternetService!=Fiber optic|DSL"),
        ("除了光纤和DSL以外的", "InternetService!=Fiber optic|DSL"),
        ("老年或女性", "SeniorCitizen=1 or gender=Female"),
        ("光纤、DSL", "InternetService=Fiber optic|DSL"),
        ("老年、光纤", "SeniorCitizen=1 & InternetService=Fiber optic"),
    ],
)
def test_how_far_chinese_not_and_or_reach(words, cohort):
    check(f"{words}客户为什么流失", cohort)


@pytest.mark.parametrize(
    ("question", "cohort", "other"),
    [
        ("fiber versus DSL", FIBER, DSL),
        ("Compare fiber with DSL", FIBER, DSL),
        ("difference between fiber and DSL churn", FIBER, DSL),
        ("Is churn higher for fiber or DSL?", FIBER, DSL),
        ("Do fiber customers leave more than DSL customers?", FIBER, DSL),
        ("Compared to DSL, why do fiber customers leave?", FIBER, DSL),
        ("fiber customers compared with everyone else", FIBER, "InternetService!=Fiber optic"),
        ("customers with and without tech support, compared", "TechSupport=Yes", "TechSupport=No"),
        ("among seniors, fiber versus DSL", f"SeniorCitizen=1 & {FIBER}", f"SeniorCitizen=1 & {DSL}"),
        ("fiber versus DSL for seniors", f"SeniorCitizen=1 & {FIBER}", f"SeniorCitizen=1 & {DSL}"),
        ("Compare men on fiber with women on DSL", f"gender=Male & {FIBER}", f"gender=Female & {DSL}"),
        ("光纤和DSL客户的流失对比", FIBER, DSL),
        ("光纤客户比DSL客户流失更多吗", FIBER, DSL),
        ("与DSL客户相比，光纤客户为什么流失", FIBER, DSL),
        ("光纤客户与其他客户的差别", FIBER, "InternetService!=Fiber optic"),
        ("老年客户中光纤还是DSL流失更高", f"SeniorCitizen=1 & {FIBER}", f"SeniorCitizen=1 & {DSL}"),
    ],
)  # fmt: skip
def test_sides(question, cohort, other):
    check(question, cohort, other)
    assert parse_question(question, TELCO, TABLE).ask == "compare"


@pytest.mark.parametrize(
    ("question", "ask", "outcome"),
    [
        ("Why do fiber customers leave?", "why", "left"),
        ("Fiber customers", "why", "left"),
        ("Why do fiber customers stay?", "why", "stayed"),
        ("Why don't fiber customers leave?", "why", "stayed"),
        ("Why don't fiber customers stay?", "why", "left"),
        ("What keeps fiber customers from leaving?", "why", "stayed"),
        ("Why do fiber customers keep leaving?", "why", "left"),
        ("Why is the churn rate of fiber so high?", "why", "left"),
        ("What is the churn rate of fiber?", "how_many", "left"),
        ("What share of fiber customers stayed?", "how_many", "stayed"),
        ("How can we keep fiber customers?", "what_to_do", "left"),
        ("Reduce churn on fiber", "what_to_do", "left"),
        ("光纤客户为什么没有流失", "why", "stayed"),
        ("光纤客户的留存率", "how_many", "stayed"),
        ("光纤客户的流失率为什么高", "why", "left"),
        ("怎么留住光纤客户", "what_to_do", "left"),
        ("光纤客户流失怎么办", "what_to_do", "left"),
    ],
)
def test_what_is_asked(question, ask, outcome):
    query = parse_question(question, TELCO, TABLE)
    assert (query.ask, query.outcome) == (ask, outcome)
    assert plain(query.cohort, TELCO) == plain(expected(FIBER, TELCO, TABLE), TELCO)


@pytest.mark.parametrize(
    ("question", "cohort"),
    [
        ("How do we move e-check users to autopay?", "PaymentMethod=Electronic check"),
        ("How can we nudge month-to-month customers toward longer contracts?", "Contract=Month-to-month"),
        ("怎么让按月客户签两年合同", "Contract=Month-to-month"),
        ("如何引导电子支票客户改用自动付款", "PaymentMethod=Electronic check"),
    ],
)  # fmt: skip
def test_where_customers_should_go_is_no_filter(question, cohort):
    check(question, cohort)


@pytest.mark.parametrize("word", ["zorbic", "wakandan", "nearsighted"])
@pytest.mark.parametrize(
    "frame", ["Why do {} customers leave?", "Why do fiber customers from {} leave?"]
)
def test_an_unknown_word_that_cuts_out_a_group_is_refused(word, frame):
    query = parse_question(frame.format(word), TELCO, TABLE)
    assert any(word in problem for problem in query.problems)


@pytest.mark.parametrize(
    "question", ["How might we cajole fiber customers?", "Illustrate why fiber customers leave",
                 "Why do fiber customers skedaddle?", "Disproportionately, why do fiber customers leave?"],
)  # fmt: skip
def test_an_unknown_verb_or_adverb_passes(question):
    check(question, FIBER)
