"""Light verbs, appositions, topics and set phrases beside look-alikes that must refuse."""

import pandas as pd
import pytest

from churnlens.evidence.candidates import list_candidates
from churnlens.evidence.parsing.idioms import without_idioms
from churnlens.evidence.parsing.items import Item
from churnlens.evidence.parsing.predicates import with_light_verbs
from churnlens.evidence.parsing.text import clean
from churnlens.evidence.query import AnyOf
from churnlens.evidence.questions import parse_question
from evidence.questions_support import BANK, TELCO, expected, plain, random_table

TABLES = {"telco": random_table(TELCO), "bank": random_table(BANK)}
FIBER = "InternetService=Fiber optic"


def ask(question: str):
    return parse_question(question, TELCO, TABLES["telco"])


def assert_reads(question: str, cohort: str, other: str | None = None) -> None:
    query = ask(question)
    table = TABLES["telco"]
    assert query.problems == ()
    assert plain(query.cohort, TELCO) == plain(expected(cohort, TELCO, table), TELCO)
    told = None if other is None else plain(expected(other, TELCO, table), TELCO)
    assert (None if query.compare_to is None else plain(query.compare_to, TELCO)) == told


@pytest.mark.parametrize(
    "verb",
    ["stay below", "lie below", "run below", "sit under", "add up to less than", "are under"],
)
def test_english_light_verbs_carry_any_number(verb):
    assert_reads(f"Why do customers whose monthly charges {verb} 45 leave?", "MonthlyCharges<45")


@pytest.mark.parametrize("link", ["一直低于", "又低于", "不到", "还不足"])
def test_small_words_between_an_attribute_and_its_number_say_nothing(link):
    assert_reads(f"月费{link} 45 的客户为什么流失", "MonthlyCharges<45")


@pytest.mark.parametrize("verb", ["落在", "处于", "维持在", "停留在", "卡在", "介于"])
def test_chinese_light_verbs_carry_a_range(verb):
    assert_reads(
        f"月费{verb} 45 到 65 这一档的客户为什么流失", "MonthlyCharges>=45 & MonthlyCharges<=65"
    )


@pytest.mark.parametrize(
    "question",
    [
        "Why do customers whose speed lies below 50 leave?",
        "Why do customers whose lifetime calls exceed 500 leave?",
        "Why do customers whose bills doubled leave?",
        "Why do customers whose plan was mis-sold leave?",
        "Why do customers whose plan covers roaming leave?",
        "Why do customers whose router covers two floors leave?",
        "每月通话不足十次的电话客户为什么流失",
        "月均通话在 30 至 50 次间的客户流失率",
        "收入落在 5000 到 8000 元的客户为什么流失",
        "套餐里含国际漫游的客户为什么离网",
    ],
)
def test_a_light_verb_admits_no_other_thing(question):
    assert ask(question).problems


def test_only_what_links_an_attribute_and_its_number_is_silenced():
    items = [Item(frozenset({"unknown"}), "hover"), Item(frozenset({"number"}), "45", number=45.0)]
    assert with_light_verbs(items) == items


@pytest.mark.parametrize(
    ("question", "cohort"),
    [
        ("Why do customers whose plan covers device protection leave?", "DeviceProtection=Yes"),
        ("Why do customers whose package includes tech support leave?", "TechSupport=Yes"),
        ("Why do households whose service bundle lacks tech support go?", "TechSupport=No"),
        ("套餐里含在线备份的客户为什么离网", "OnlineBackup=Yes"),
        ("在线安全处于开通状态的客户为什么流失", "OnlineSecurity=Yes"),
        ("用一年合同绑着的客户凭啥还走", "Contract=One year"),
        ("有家属要抚养的客户为什么流失", "Dependents=Yes"),
    ],
)
def test_a_clause_that_is_consumed_never_refuses(question, cohort):
    assert_reads(question, cohort)


@pytest.mark.parametrize("add_on", ["在线备份", "设备保护", "技术支持", "在线安全"])
@pytest.mark.parametrize("denied", ["没开通", "这项没买", "一直没订", "没有办理", "未订购"])
def test_a_topic_is_denied_by_what_follows(add_on, denied):
    name = {"在线备份": "OnlineBackup", "设备保护": "DeviceProtection", "技术支持": "TechSupport"}
    column = name.get(add_on, "OnlineSecurity")
    assert_reads(f"{add_on}{denied}的客户为什么流失", f"{column}=No")
    assert_reads(f"光纤用户里{add_on}{denied}的人，跟买了的人比，流失率差多少",
          f"{FIBER} & {column}=No", f"{FIBER} & {column}=Yes")  # fmt: skip


@pytest.mark.parametrize(
    ("words", "op"),
    [("均未订购", "No"), ("都没买", "No"), ("两样都没开", "No"), ("二者皆无", "No"), ("都不要", "No"),
     ("两样全开", "Yes"), ("两项都开了", "Yes")],
)  # fmt: skip
def test_lists_of_two_are_had_or_lacked_together(words, op):
    assert_reads(
        f"在线安全、在线备份{words}的客户为什么流失", f"OnlineSecurity={op} & OnlineBackup={op}"
    )


def test_lists_of_three_are_lacked_together():
    cohort = "OnlineSecurity=No & DeviceProtection=No & TechSupport=No"
    assert_reads("技术支持、设备保护、在线安全均未开通的用户流失原因", cohort)


@pytest.mark.parametrize(
    "question",
    [
        "在线安全和技术支持里至少订了一样的客户为什么走",
        "在线安全、技术支持至少有其一的客户流失成因",
        "Why do customers with at least one of online security and tech support leave?",
    ],
)
def test_one_of_two_is_enough(question):
    query = ask(question)
    assert query.problems == ()
    assert len(query.cohort) == 1
    assert isinstance(query.cohort[0], AnyOf)
    assert {each.column for each in query.cohort[0].any_of} == {"OnlineSecurity", "TechSupport"}


@pytest.mark.parametrize(
    ("question", "cohort"),
    [
        ("How many customers stream neither TV nor movies?", "StreamingTV=No & StreamingMovies=No"),
        ("电视、电影两种流媒体都没订的客户流失率多少", "StreamingTV=No & StreamingMovies=No"),
        ("自动扣款的客户（银行转账或信用卡）为什么走",
         "PaymentMethod=Bank transfer (automatic)|Credit card (automatic)"),
        ("Why do automatic payers (bank transfer or credit card) leave?",
         "PaymentMethod=Bank transfer (automatic)|Credit card (automatic)"),
        ("Why do people who neither live with a partner nor have dependents leave?",
         "Partner=No & Dependents=No"),
    ],
)  # fmt: skip
def test_what_is_said_twice_counts_once(question, cohort):
    assert_reads(question, cohort)


def test_a_shared_context_stays_with_both_sides():
    one = "Contract=One year"
    assert_reads("Within the one-year contracts, is churn worse where the bill is above 95 than where it "
          "lies below 45?", f"{one} & MonthlyCharges>95", f"{one} & MonthlyCharges<45")  # fmt: skip
    old = "SeniorCitizen=1"
    assert_reads("Is churn higher among seniors without internet service or among seniors on fiber?",
          f"{old} & InternetService=No", f"{old} & {FIBER}")  # fmt: skip
    assert_reads("加了技术支持包的光纤客户跟没加的光纤客户相比，流失差在哪",
          f"{FIBER} & TechSupport=Yes", f"{FIBER} & TechSupport=No")  # fmt: skip


@pytest.mark.parametrize(
    ("text", "plainly"),
    [
        ("Revenue at risk aside, why do they go", "why do they go"),
        ("Leaving costs aside, why do they go", "why do they go"),
        ("从收入保全角度看,客户为什么走", ",客户为什么走"),
        ("By what means could we keep them", "how could we keep them"),
        ("customers below retirement age", "customers pre retirement"),
        ("renew every month", "on a month to month contract"),
        ("均未订购的客户", "都没订的客户"),
        ("至少订了一个的客户", "至少一样的客户"),
    ],
)
def test_idioms_are_said_plainly(text, plainly):
    assert clean(text).strip() == plainly
    assert without_idioms(plainly) == plainly  # once is enough


@pytest.mark.parametrize(
    "text",
    ["seniors aside, why do they go", "vips aside, why", "business customers aside, why", "从年龄角度看,客户为什么走",
     "在线安全未订的客户", "at least one line", "至少一个月的客户"],
)  # fmt: skip
def test_what_restricts_is_no_idiom(text):
    assert without_idioms(text) == text


@pytest.mark.parametrize("name", ["telco", "bank"])
def test_the_labels_of_the_bands_are_read_back(name):
    schema, table = {"telco": TELCO, "bank": BANK}[name], TABLES[name]
    for candidate in list_candidates(schema):
        if schema.column(candidate.column).kind != "number":
            continue
        label, noun = candidate.label, schema.noun
        for text in (f"Why do {noun.en} {label.en} leave?", f"{label.zh}的{noun.zh}为什么流失？"):
            query = parse_question(text, schema, table)
            assert query.problems == (), text
            edges = pd.Series([float(each.value) for each in candidate.conditions])
            cells = pd.concat([table[candidate.column], edges], ignore_index=True)
            wanted = found = cells.notna()
            for each in candidate.conditions:
                wanted = wanted & getattr(cells, f"__{each.op}__")(each.value)
            for part in query.cohort:
                assert part.column == candidate.column, text
                found = found & getattr(cells, f"__{part.op}__")(part.value)
            assert (found == wanted).all(), text
