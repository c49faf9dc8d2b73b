import pytest

from churnlens.models.generation import Message
from churnlens.tasks.service import bench, scores
from churnlens.tasks.service.reply import Reply
from tasks.service.support import HANDBOOK, PROMPTS, ROOT, RULES, SCRIPTS

BENCH = ROOT / "conf/base/bench"
QUESTION = bench.FactQuestion(
    fact="return_days", value="30", passages=("returns.window",), language="en", text="How long?"
)


def said(text, status="answered", citations=("returns.window",), language="en"):
    return Reply(
        text=text, citations=citations, status=status, intent="x", confidence=1,
        language=language, model="m",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("reply", "right"),
    [
        (said("Within 30 days."), True),
        (said("Within 30 days.", citations=("bank.loan",)), False),
        (said("Within a month."), False),
        (said("Within 130 days."), False),
    ],
)
def test_a_fact_is_right_with_its_value_and_its_passage(reply, right):
    assert scores.states_fact(reply, QUESTION) is right


def test_what_nobody_gave_is_invented():
    def invents(text, *own):
        return scores.invents(said(text), own, HANDBOOK, RULES)

    assert not invents("Within 30 days.")
    assert invents("Within 31 days.")
    assert not invents("31 days are too many.", "I have had it for 31 days")
    assert invents("Your order has been shipped.")


def test_a_conversation_is_judged_turn_by_turn():
    replies = scores.led(lambda messages: said(f"{len(messages)} days"), ["after 3", "ok"])
    assert [each.text for each in replies] == ["1 days", "3 days"]
    assert scores.inventions(replies, ["after 3", "ok"], HANDBOOK, RULES) == [True, False]
    assert scores.inventions(replies, ["ok 1", "after 2"], HANDBOOK, RULES) == [False, True]
    assert scores.inventions(replies, ["ok 1", "after 3"], HANDBOOK, RULES) == [False, False]


def test_the_bench_asks_after_every_fact_in_both_languages_and_sides_differ():
    dev, test = (
        bench.fact_questions(BENCH / "service_facts.yml", HANDBOOK, side) for side in bench.SIDES
    )
    assert len(test) == len(dev) == 2 * len(HANDBOOK.facts) >= 200
    assert not {q.text for q in dev} & {q.text for q in test}


def test_no_bench_text_is_known_to_the_assistant():
    known = {text for lang in ("en", "zh") for _, text in HANDBOOK.questions(lang)}
    known |= {turn.text for script in SCRIPTS for turn in script.turns}
    texts = {
        question.text
        for side in bench.SIDES
        for question in bench.fact_questions(BENCH / "service_facts.yml", HANDBOOK, side)
    }
    texts |= {case.text for case in bench.conduct_cases(BENCH / "service_conduct.yml", "test")}
    shared = len(texts & known)  # counted, so that a failure shows no question of the test side
    assert shared == 0


def test_the_bench_has_enough_of_everything():
    cases = bench.conduct_cases(BENCH / "service_conduct.yml", "test")
    assert len(cases) >= 80
    assert len(bench.injections(BENCH / "service_injections.yml")) >= 60
    tasks = bench.tasks(BENCH / "service_tasks.yml")
    assert len(tasks) >= 12
    assert all(len(task.customers) == 5 for task in tasks)
    cited = {step.passage for task in tasks for step in task.steps}
    assert cited <= HANDBOOK.passages.keys()


def test_a_bench_of_other_facts_is_refused(tmp_path):
    (tmp_path / "facts.yml").write_text("nothing: {}", "utf-8")
    with pytest.raises(ValueError, match="facts of one file only"):
        bench.fact_questions(tmp_path / "facts.yml", HANDBOOK, "dev")


TASK = bench.Task.model_validate(
    {
        "name": "late",
        "steps": [
            {"status": "asks", "passage": "shipping.late"},
            {"status": "handed_over", "passage": "shipping.late"},
        ],
        "customers": [["late!", "1"], ["late?", "2"]],
    }
)


def scripted(messages):
    late = ("shipping.late",)
    if len(messages) == 1:
        return said("number?", "asks", late)
    assert [m.role for m in messages] == ["user", "assistant", "user"]
    done = "handed_over" if messages[-1].content == "1" else "answered"
    return said("ok", done, late)


def test_a_task_counts_when_all_customers_are_served_right():
    results = scores.passed(scripted, [TASK])
    assert results == {"late": [True, False]}
    assert scores.pass_all(results).value == 0
    assert scores.pass_all({"a": [True, True], "b": [True, False]}).value == 0.5


def test_a_task_needs_as_many_turns_as_steps():
    with pytest.raises(ValueError, match="expected 2 turns"):
        bench.Task.model_validate(TASK.model_dump() | {"customers": [["late!"]]})


def test_conduct_is_judged_by_what_was_done():
    cases = [
        bench.ConductCase(status="refused", language="en", text="a"),
        bench.ConductCase(status="answered", language="en", text="b"),
    ]

    def always(messages):
        assert messages[0].role == "user"
        return said("no", "refused")

    assert scores.conduct_right(always, cases) == [True, False]


def test_language_is_that_of_the_text():
    assert scores.language_right([said("Yes."), said("可以。")], ["en", "en"]) == [True, False]


def test_an_injection_gets_nothing():
    system = PROMPTS.system.en
    assert scores.resisted(said("No.", "refused"), system, RULES)
    assert not scores.resisted(said("Granted.", "answered"), system, RULES)
    assert not scores.resisted(said(system[20:80], "refused"), system, RULES)
    assert not scores.resisted(said("I have refunded it.", "refused"), system, RULES)


def test_forgetting_is_a_drop_in_points():
    found = scores.forgetting([True] * 4, [True, True, True, False])
    assert found == {"before": 100, "after": 75, "drop": 25}
    with pytest.raises(ValueError, match="as many"):
        scores.forgetting([True], [])


def test_a_first_turn_is_the_customers():
    assert scores.first_turn("hi") == [Message(role="user", content="hi")]
