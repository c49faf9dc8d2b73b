import json
from collections import Counter
from random import Random

import pytest

from churnlens.datasets.chat_forms import (
    from_alpaca,
    from_sharegpt,
    to_alpaca,
    to_messages,
    to_sharegpt,
)
from churnlens.evaluation.number_fidelity import unsupported_numbers
from churnlens.tasks.service.handbook import facts_in
from churnlens.tasks.service.question_rows import other_facts, question_rows
from churnlens.tasks.service.row_check import check_rows
from churnlens.tasks.service.rows import mixed, training_rows, written
from churnlens.tasks.service.scripts import Said, read_said
from tasks.service.support import CONF, HANDBOOK, PROMPTS, RULES, SCRIPTS


def find(text, language):
    return ["returns.window", "shipping.time", "bank.fees"]


ROWS = training_rows(SCRIPTS, HANDBOOK, PROMPTS, find, 3)
ASKED = question_rows(HANDBOOK, PROMPTS, find, 3, ("en", "zh"), 7)


def test_a_row_is_one_turn_as_at_serving():
    row = next(row for row in ROWS if row["id"] == "en-late_payment-1-1" or row["status"])
    system, *_, answer = row["messages"]
    assert [m["role"] for m in row["messages"]][:2] == ["system", "user"]
    assert all(f"[{key}]" in system["content"] for key in row["passages"])
    said = read_said(answer["content"], HANDBOOK)
    assert said.status == row["status"]
    assert set(said.citations) <= set(row["passages"])


def test_every_turn_of_the_assistant_is_a_row():
    assert len(ROWS) == sum(len(script.turns) // 2 for script in SCRIPTS)
    assert len({row["id"] for row in ROWS}) == len(ROWS)
    assert all(len(row["passages"]) >= 3 for row in ROWS)


def test_every_known_question_is_a_row_that_its_passage_answers():
    known = [pair for language in ("en", "zh") for pair in HANDBOOK.questions(language)]
    assert len({row["id"] for row in ASKED}) == len(ASKED) == len(known)
    for row, (key, question) in zip(ASKED, known, strict=True):
        system, asked, answer = (message["content"] for message in row["messages"])
        said = read_said(answer, HANDBOOK)
        assert (asked, said.citations, said.status) == (question, (key,), row["status"])
        assert key in row["passages"]
        assert len(row["passages"]) == 3
        assert not unsupported_numbers(said.text, system)


def test_a_case_asks_for_what_it_needs_and_a_rule_turns_down():
    told = {row["id"].rpartition("-")[0]: row["messages"][-1]["content"] for row in ASKED}
    assert told["en-orders.status"].startswith("asks: ")
    assert PROMPTS.asks["order_number"].en in told["en-orders.status"]
    assert told["zh-conduct.others"].startswith("拒绝：")  # noqa: RUF001
    assert told["en-conduct.human"].startswith("hands over: ")


def test_questions_that_a_passage_answers_are_one_family_and_others_one_each():
    families = Counter(row["family"] for row in ASKED)
    known = Counter(
        f"{language}-{key}" for language in ("en", "zh") for key, _ in HANDBOOK.questions(language)
    )
    answered = {row["family"] for row in ASKED if row["status"] == "answered"}
    assert {name: families[name] for name in answered} == {name: known[name] for name in answered}
    assert {families[name] for name in families if name not in answered} == {1}


def test_no_fact_of_the_handbook_is_learned_by_heart():
    other = other_facts(HANDBOOK, Random(1))
    assert other.facts.keys() == HANDBOOK.facts.keys()
    assert not [name for name, value in HANDBOOK.facts.items() if other.facts[name] == value]
    own = [HANDBOOK.text(key, "en") for key, p in HANDBOOK.passages.items() if facts_in(p.text.en)]
    assert not [row["id"] for row in ASKED for text in own if text in str(row["messages"])]
    assert question_rows(HANDBOOK, PROMPTS, find, 3, ("en", "zh"), 7) == ASKED


def test_all_forms_hold_a_row():
    for row in ROWS[:40]:
        assert from_alpaca(to_alpaca(row))["messages"] == row["messages"]
        assert from_sharegpt(to_sharegpt(row))["messages"] == row["messages"]
        assert to_messages(row) == row


def test_what_is_written_is_read_again():
    said = Said(text="Over.", status="refused", citations=("returns.window",))
    assert written(said, "en") == "refuses: Over. [returns.window]"
    assert read_said(written(said, "zh"), HANDBOOK) == said
    with pytest.raises(ValueError, match="turn of the customer"):
        written(Said(text="hi"), "en")


def test_general_rows_are_mixed_in_by_their_share():
    own = [{"id": f"o{n}"} for n in range(40)]
    general = [{"id": f"g{n}"} for n in range(60)]
    rows = mixed(own, general, 15)
    assert sum(row["id"].startswith("g") for row in rows) == 6
    assert rows == mixed(own, general, 15)
    assert rows != [*own, *general[:6]]


def test_own_rows_pass_the_check():
    check = check_rows(ROWS, RULES, HANDBOOK)
    assert (check.rows, check.faults) == (len(ROWS), ())


def general():
    lines = (CONF / "general" / "general.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_general_rows_are_in_the_public_form_and_differ():
    rows = general()
    assert len(rows) >= 60
    assert all(set(row) == {"instruction", "input", "output"} for row in rows)
    assert len({row["instruction"] + row["input"] for row in rows}) == len(rows)
    assert all(from_alpaca(row)["messages"][-1]["content"] for row in rows)


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"instruction": "Where is my order?", "output": ""}, "empty_answer"),
        (
            {"instruction": "Where is my order?", "output": "I checked, it was shipped."},
            "invented_record",
        ),
        ({"instruction": "订单到哪了", "output": "已经帮您查到了，正在打包。"}, "invented_record"),
        ({"instruction": "How long?", "output": "It takes 17 days."}, "invented_number"),
        ({"instruction": "Help", "output": "Please send your password."}, "asks_secret"),
        ({"instruction": "我的包裹在哪里", "output": "Please tell me the number."}, "language"),
        ({"text": "x"}, "form"),
        ({"messages": [{"role": "assistant", "content": "hi"}]}, "form"),
        ({"conversations": [{"from": "gpt", "value": "hi"}]}, "form"),
    ],
)
def test_a_fault_is_found_and_comes_with_an_example(row, kind):
    check = check_rows([row], RULES)
    assert kind in check.counts
    fault = next(each for each in check.faults if each.kind == kind)
    assert fault.example
    assert fault.row == 1
    assert "Where is my order?" not in f"{fault.kind} {fault.detail}"


def test_a_fault_stops_no_other_row():
    good = {"instruction": "Hi", "input": "", "output": "Hello, how can I help?"}
    check = check_rows([{}, good, good], RULES)
    assert check.counts == {"form": 1, "twice": 1}
    assert check.faulty == 2
    assert "row 3: twice as row 2" in str(check.faults[1])


def test_figures_of_system_customer_and_handbook_are_known():
    row = {"instruction": "I have 17 days?", "output": "Yes, 17 days, and 30 for returns."}
    assert check_rows([row], RULES).counts == {"invented_number": 1}
    assert check_rows([row], RULES, HANDBOOK).faults == ()
    assert check_rows([row | {"system": "Returns: 30 days."}], RULES).faults == ()
