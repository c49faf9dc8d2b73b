"""Characters, words and phrases: spelling, typing errors, and the lexicon of a schema."""

import pytest
from hypothesis import given, settings
from hypothesis.strategies import data, integers, sampled_from

from churnlens.evidence.parsing.lexicon import build_lexicon, negative_value, positive_value
from churnlens.evidence.parsing.scan import scan
from churnlens.evidence.parsing.text import language_of, lemma, tokens
from churnlens.evidence.parsing.vocabulary import inflections, phrase, variants, vocabulary
from churnlens.evidence.questions import parse_question
from churnlens.schema import parse_schema
from evidence.questions_support import TELCO, random_table

TABLE = random_table(TELCO)
LEXICON = build_lexicon(TELCO)
LONG = {
    "electronic check": ("PaymentMethod", "Electronic check"),
    "month-to-month": ("Contract", "Month-to-month"),
    "streaming movies": ("StreamingMovies", "Yes"),
    "dependents": ("Dependents", "Yes"),
    "elderly": ("SeniorCitizen", "1"),
    "paperless billing": ("PaperlessBilling", "Yes"),
}


def texts(sentence: str) -> list[str]:
    return [token.lemma for token in tokens(sentence)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Month-to-month", "month to month"),
        ("TechSupport", "tech support"),
        ("tech_support", "Tech  Support"),
        ("don't", "do not"),
        ("they aren't", "they are not"),
        ("fibre", "fiber"),
        ("customers' bills", "customer bill"),
        ("ＤＳＬ，８０％", "dsl,80%"),
        ("技術支持", "技术支持"),
        ("w/o internet", "without internet"),
        ("2yr", "2 year"),
        ("two-year", "2 year"),
        ("≥ 80", ">= 80"),
        ("A vs. B", "a vs b"),
        ("what’s up", "what is up"),
    ],
)
def test_one_spelling_for_all(one, other):
    assert texts(one) == texts(other)


def test_dashes_are_ranges_between_numbers_only():
    assert texts("6-12 months") == ["6", "-", "12", "month"]
    assert texts("$70–$90") == ["$", "70", "-", "$", "90"]
    assert "-" not in texts("twelve-month e-check top-3")
    assert texts("fiber - why") == ["fiber", ",", "why"]


def test_a_number_keeps_its_value_without_separators():
    assert texts("1,200.5 and 12,34") == ["1200.5", "and", "12", ",", "34"]


@pytest.mark.parametrize(
    ("plural", "singular"),
    [("churches", "church"), ("families", "family"), ("bills", "bill"), ("movies", "movie"),
     ("switches", "switch"), ("women", "women"), ("less", "less"), ("analysis", "analysis")],
)  # fmt: skip
def test_plurals(plural, singular):
    assert lemma(plural) == lemma(singular)


def test_language_by_share():
    assert language_of("x" * 79 + "客" * 20 + "y") == "zh"
    assert language_of("x" * 90 + "客" * 10) == "en"
    assert language_of("123 ?") == "en"


def test_inflections_and_variants():
    assert {"churn", "churned", "churning"} <= set(inflections("churn"))
    assert {"reduced", "reducing"} <= set(inflections("reduce"))
    assert "tried" in set(inflections("try"))
    assert "dropping out" in {" ".join(v.split()) for v in variants("drop* out")}
    assert list(variants("as is")) == ["as is"]


def test_the_vocabulary_has_both_languages_and_no_empty_phrase():
    words = vocabulary()
    assert () not in words
    assert "left" in words[phrase("churn")]
    assert "left" in words[phrase("流失")]
    assert "neg" in words[phrase("without")]
    assert "cmp.ge" in words[phrase("at least")]


@settings(max_examples=200, derandomize=True)
@given(sampled_from(sorted(LONG)), data())
def test_one_typing_error_in_a_long_word_is_repaired(words, draw):
    places = [i for i, c in enumerate(words) if c.isalpha() and i]
    longest = max(words.replace("-", " ").split(), key=len)
    start = words.index(longest)
    at = draw.draw(integers(start + 1, start + len(longest) - 2))
    assert at in places
    kind = draw.draw(sampled_from(["drop", "double", "swap"]))
    if kind == "drop":
        typed = words[:at] + words[at + 1 :]
    elif kind == "double":
        typed = words[:at] + words[at] + words[at:]
    else:
        typed = words[:at] + words[at + 1] + words[at] + words[at + 2 :]
    query = parse_question(f"Why do {typed} customers leave?", TELCO, TABLE)
    column, value = LONG[words]
    assert [(c.column, c.value) for c in query.cohort] == [(column, value)], typed


def test_two_typing_errors_are_not_repaired():
    assert parse_question("Why do pperles customers leave?", TELCO, TABLE).cohort == ()


def test_a_word_that_is_known_is_never_changed():
    assert [item.text for item in scan("why do male customers leave", LEXICON)][2] == "male"


def test_the_longest_phrase_wins():
    items = scan("customers with phone service and month-to-month contracts", LEXICON)
    mentions = [item.mention for item in items if item.mention]
    assert [(m.column, m.name) for m in mentions] == [
        ("PhoneService", "Yes"),
        ("Contract", "Month-to-month"),
    ]


def test_the_value_itself_and_the_column_itself_are_words():
    for question in (
        "Contract = Two year",
        "contract is two year",
        "Contract: Two year",
        "two year contract",
    ):
        cohort = parse_question(question, TELCO, TABLE).cohort
        assert [(c.column, c.value) for c in cohort] == [("Contract", "Two year")], question
    for question in ("OnlineBackup=No", "online_backup is no", "onlinebackup == No"):
        cohort = parse_question(question, TELCO, TABLE).cohort
        assert [(c.column, c.value) for c in cohort] == [("OnlineBackup", "No")], question


def test_yes_and_no_values():
    assert positive_value(TELCO.column("SeniorCitizen")) == "1"
    assert negative_value(TELCO.column("InternetService")) == "No"
    assert positive_value(TELCO.column("InternetService")) is None
    assert positive_value(TELCO.column("Contract")) is None


def test_reasons_do_not_swallow_filters():
    query = parse_question("Why do customers with a lack of tech support leave?", TELCO, TABLE)
    assert [(c.column, c.value) for c in query.cohort] == [("TechSupport", "No")]


def test_a_schema_without_words_is_read_by_its_names_and_values():
    raw = {
        "name": "shop",
        "noun": {"en": "shoppers", "zh": "顾客"},
        "key": "id",
        "outcome": {
            "column": "gone", "left": "1", "stayed": "0", "left_words": {}, "stayed_words": {},
        },
        "columns": [
            {"name": "id", "kind": "key", "label": {"en": "shopper", "zh": "顾客"}},
            {
                "name": "gone", "kind": "category", "label": {"en": "gone", "zh": "离开"},
                "values": [{"value": v, "label": {"en": v, "zh": v}} for v in ("0", "1")],
            },
            {
                "name": "FavouriteShelf", "kind": "category", "label": {"en": "shelf", "zh": "货架"},
                "values": [
                    {"value": v, "label": {"en": f"who like {v}", "zh": f"喜欢{v}"}}
                    for v in ("Cheese", "Garlic bread")
                ],
            },
            {"name": "visits", "kind": "number", "label": {"en": "visits", "zh": "光顾次数"}},
        ],
    }  # fmt: skip
    schema = parse_schema(raw)
    table = random_table(schema, rows=50)
    query = parse_question("Why do garlic-bread shoppers with over 3 visits leave?", schema, table)
    assert [(c.column, c.op, c.value) for c in query.cohort] == [
        ("FavouriteShelf", "eq", "Garlic bread"),
        ("visits", "gt", 3),
    ]
    assert not parse_question("Why do fiber shoppers leave?", schema, table).answerable
