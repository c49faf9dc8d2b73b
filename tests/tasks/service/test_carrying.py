"""What a customer has given is taken for the subject that it was given for, and for no other."""

from itertools import permutations

import pytest

from churnlens.tasks.service.plans import make_plan
from tasks.service.support import HANDBOOK, conversation, knowledge

ORDER, SECOND = "4402718365", "5501237788"
VALUES = {
    "order_number": ORDER,
    "contract_number": "40718826",
    "claim_number": "C70418825",
    "transaction": "$45",
}


def plan(*said):
    return make_plan(conversation(*said), knowledge())


def questions(language):
    """Return (passage, slot, a question that finds it) of every case."""
    return [
        (key, passage.needs[0], found)
        for key, passage in HANDBOOK.passages.items()
        if passage.kind == "case"
        for found in [next((q for q in getattr(passage.asked, language) if asks(q, key)), None)]
        if found and not knowledge().rules.points(found)  # "it" may well be what was spoken of
    ]


def asks(question, key):
    got = plan(question)
    return got.status == "asks" and got.citations[0] == key


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_value_of_one_case_is_not_taken_for_another(language):
    pairs = list(permutations(questions(language), 2))
    assert len(pairs) >= 90
    taken = []
    for (_, slot, first), (key, _, second) in pairs:
        got = plan(f"{first} {VALUES[slot]}", second)
        if got.status == "handed_over" and got.value and got.citations[0] == key:
            taken.append((first, second))
    assert taken == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_a_case_waits_for_is_not_taken_from_a_question_after_something_else(language):
    taken = []
    for (waits, _, first), (key, slot, second) in permutations(questions(language), 2):
        got = plan(first, f"{second.rstrip('?？')}, {VALUES[slot]}?")
        if got.value and got.citations[0] == waits:
            taken.append((first, second))
        assert got.citations[0] != key or got.value in {VALUES[slot], ""}
    assert taken == []


@pytest.mark.parametrize(
    "said",
    [
        (f"Where is my order {ORDER}?", "My parcel arrived damaged"),
        (f"Where is my order {ORDER}?", "Where is my other order?"),
        (f"Where is my order {ORDER}?", "And where is my new order?"),
        (f"查一下订单 {ORDER} 到哪了", "我的另一个订单到哪了"),
        (f"查一下订单 {ORDER} 到哪了", "收到的镜子是碎的"),
        ("Is delivery free from 100 yuan?", "There is a payment on my account that I do not know"),
        ("满100元包邮吗", "我的账户有一笔不认识的扣款"),
        (f"What did my neighbour order? {ORDER}", "My parcel is overdue"),
        (f"Where is my order {ORDER}?", "How long can I return something?", "My parcel is overdue"),
    ],
)
def test_a_new_subject_is_asked_for_its_own_value(said):
    got = plan(*said)
    assert (got.status, got.value) == ("asks", "")


@pytest.mark.parametrize(
    "said",
    [
        ("Where is my order?", ORDER, "Where is my order now?"),
        ("我的订单到哪了？", ORDER, "那我的订单到哪了"),
        (f"Where is my order {ORDER}?", "The same order: my parcel arrived damaged"),
        (f"Where is my order {ORDER}?", "That order arrived, my parcel is damaged"),
        (f"查一下订单 {ORDER} 到哪了", "刚才那个订单，收到的镜子是碎的"),
        (f"Where is my order {ORDER}?", "It arrived damaged"),
        ("Where is my order?", ORDER, "Thanks!", "It arrived damaged"),
        (ORDER, "My parcel is overdue"),
        (
            f"Where is my order {ORDER}?",
            "How long can I return something?",
            "That order arrived damaged",
        ),
    ],
)
def test_the_same_subject_and_one_that_is_referred_to_keep_the_value(said):
    got = plan(*said)
    assert (got.status, got.value) == ("handed_over", ORDER)


def test_it_is_what_was_spoken_of_last():
    said = (f"Where is my order {ORDER}?", "How long can I return something?", "It arrived damaged")
    assert plan(*said).value == ""


def test_of_several_values_the_last_one_is_taken():
    assert plan(f"Where is my order {ORDER}?", f"Where is my order {SECOND}?").value == SECOND
    said = (f"Where is my order {ORDER}?", f"My parcel {SECOND} is overdue")
    assert plan(*said, "That order arrived damaged").value == SECOND


@pytest.mark.parametrize(
    ("case", "answer"),
    [
        ("My parcel is overdue", f"the order is {ORDER}"),
        ("My parcel is overdue", f"order number {ORDER} here you go"),
        ("快递怎么还没到", f"订单 {ORDER}"),
        ("快递怎么还没到", f"订单号是{ORDER}"),
    ],
)
def test_an_answer_that_only_names_the_number_stays_with_its_case(case, answer):
    got = plan(case, answer)
    assert (got.status, got.value, got.citations) == ("handed_over", ORDER, ("shipping.late",))
    between = plan(case, "How long can I return something?", answer)
    assert (between.value, between.citations) == (ORDER, ("shipping.late",))


@pytest.mark.parametrize(
    "said",
    [
        ("Where is my order?", ORDER, "when will it arrive?"),
        ("我的订单到哪了？", ORDER, "什么时候能到？"),
    ],
)
def test_a_turn_that_only_points_is_read_with_what_was_spoken_of(said):
    got = plan(*said)
    assert (got.status, got.value) == ("handed_over", ORDER)
    assert got.citations == plan(*said[:2]).citations


@pytest.mark.parametrize("said", ["查一下订单4402718365到哪了", "订单4402718365到哪了？"])
def test_a_number_within_chinese_words_leaves_them_chinese(said):
    assert plan(said).language == "zh"
    assert plan("Where is my order?", said).language == "zh"


def test_a_long_turn_that_was_not_understood_keeps_its_number():
    odd = f"zebras juggle quietly, zebras juggle quietly, zebras juggle quietly {ORDER}"
    assert plan(odd).citations == ("conduct.scope",)
    assert plan(odd, "My parcel is overdue").value == ""


def test_who_says_that_it_is_another_one_is_read_alone():
    again = plan(f"Where is my order {ORDER}?", "zebra quagga okapi")
    assert again.wording == "again"
    other = plan(f"Where is my order {ORDER}?", "zebra quagga okapi, another order")
    assert other.wording != "again"
