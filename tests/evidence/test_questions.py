"""Questions to queries: the development set, the properties, and the details of one query."""

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from churnlens.evidence.query import describe
from churnlens.evidence.questions import parse_question
from evidence.questions_support import BANK, TELCO, expected, plain, questions, random_table

TABLES = {"telco": random_table(TELCO), "bank": random_table(BANK)}
SCHEMAS = {"telco": TELCO, "bank": BANK}
ROWS = [
    (name, row)
    for name, file in (
        ("telco", "questions_dev.yml"),
        ("telco", "questions_more.yml"),
        ("bank", "questions_bank.yml"),
    )
    for row in questions(file)
]
ANSWERED = [pytest.param(n, row, id=row["q"]) for n, row in ROWS if "refuse" not in row]
REFUSED = [pytest.param(n, row, id=row["q"] or "empty") for n, row in ROWS if "refuse" in row]
WORDS = st.sampled_from(
    [
        "why",
        "do",
        "customers",
        "fiber",
        "without",
        "tech",
        "support",
        "or",
        "and",
        "not",
        "leave",
        "stay",
        "6",
        "12",
        "$80",
        "between",
        "months",
        "over",
        "seniors",
        "versus",
        "the",
        "rest",
        "new",
        "how",
        "many",
        "what",
        "should",
        "we",
        "do",
        "zork",
        "光纤",
        "客户",
        "为什么",
        "流失",
        "没有",
        "或",
        "和",
        "不",
        "六",
        "个月",
        "以上",
        "比",
        "老年",
        "月费",
        "80",
        "元",
        ",",
        ".",
        "?",
        "、",
        "=",
        "<=",
        "'",
        '"',
        "(",
        "%",
    ]
)


def ask(question: str, name: str = "telco"):
    return parse_question(question, SCHEMAS[name], TABLES[name])


@pytest.mark.parametrize(("name", "row"), ANSWERED)
def test_the_filter_is_the_one_that_was_meant(name, row):
    query, schema, table = ask(row["q"], name), SCHEMAS[name], TABLES[name]
    other = plain(expected(row["vs"], schema, table), schema) if "vs" in row else None
    assert query.problems == ()
    assert plain(query.cohort, schema) == plain(expected(row["is"], schema, table), schema)
    assert plain(query.compare_to, schema) == other
    assert query.ask == row.get("ask", "why")
    assert query.outcome == row.get("out", "left")


@pytest.mark.parametrize(("name", "row"), REFUSED)
def test_what_the_table_cannot_answer_is_refused_and_named(name, row):
    query = ask(row["q"], name)
    assert not query.answerable
    assert all(": " in problem and len(problem) < 100 for problem in query.problems)
    if row["refuse"] != "any":
        assert any(problem.startswith(row["refuse"]) for problem in query.problems)


def test_both_languages_have_their_share_of_the_development_set():
    telco = questions("questions_dev.yml")
    chinese = [row for row in telco if row["group"].endswith("_zh")]
    assert len(telco) >= 250
    assert 0.4 <= len(chinese) / len(telco) <= 0.6
    assert len([row for row in telco if "refuse" in row]) >= 0.15 * len(telco)
    assert len([row for name, row in ROWS if name == "bank"]) >= 40


@settings(max_examples=300, derandomize=True)
@given(st.text(max_size=200) | st.lists(WORDS, max_size=25).map(" ".join))
def test_no_text_raises_and_the_same_text_gives_the_same_query(text):
    for name, schema in SCHEMAS.items():
        query = ask(text, name)
        assert query == ask(text, name)
        assert query.question == text
        assert (query.ask == "compare") <= (query.compare_to is not None)
        describe(query.cohort, schema, query.language)


@settings(max_examples=100, derandomize=True)
@given(st.sampled_from([row for name, row in ROWS if name == "telco" and "is" in row]))
def test_case_space_and_punctuation_do_not_matter(row):
    query = ask(row["q"])
    for variant in (row["q"].upper(), f"  {row['q'].lower()} ", row["q"].rstrip("?？。.")):
        other = ask(variant)
        assert (other.cohort, other.compare_to, other.ask, other.outcome) == (
            query.cohort, query.compare_to, query.ask, query.outcome,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Why do fiber customers leave?", "en"),
        ("光纤客户为什么流失", "zh"),
        ("使用 Electronic check 付款的客户为什么流失", "zh"),
        ("Why do 光纤 customers leave?", "en"),
        ("", "en"),
    ],
)
def test_language(question, language):
    assert ask(question).language == language


def test_the_order_of_words_does_not_change_the_query():
    one = ask("Why do senior fiber customers without tech support leave?")
    other = ask("Customers without tech support, on fiber, who are seniors: why do they leave?")
    assert one.cohort == other.cohort
    assert [part.column for part in one.cohort] == [
        "SeniorCitizen", "InternetService", "TechSupport",
    ]  # fmt: skip


def test_notes_name_terms_reasons_and_what_was_passed_over():
    assert "term: high-value" in ask("Why do high-value customers leave?").notes
    assert "topic: speed" in ask("Do fiber customers leave because of slow internet?").notes


def test_a_term_takes_its_threshold_from_the_table():
    for table in (TABLES["telco"], random_table(TELCO, rows=150, seed=7)):
        condition = parse_question("high-value customers", TELCO, table).cohort[0]
        assert condition.value == pytest.approx(table["MonthlyCharges"].quantile(0.75))


def test_an_identifier_is_not_repeated():
    query = ask("Why did customer 7590-VHVEG leave?")
    assert not query.answerable
    assert "7590" not in str(query.problems)


def test_traditional_characters_read_like_simplified_ones():
    assert ask("為什麼沒有技術支持的光纖客戶會流失？").cohort == (
        ask("为什么没有技术支持的光纤客户会流失？").cohort
    )


def test_no_attribute_applies_to_those_who_lack_its_service():
    assert not ask("customers without internet who have online security").answerable
    implied = ask("customers without internet and without online security")
    assert implied.cohort == ask("customers without internet").cohort
