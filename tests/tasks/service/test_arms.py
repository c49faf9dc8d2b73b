import pytest

from churnlens.models.generation import Completion
from churnlens.tasks.service.arms import ARMS, Answered, Told, answer_cases, conversation
from churnlens.tasks.service.cases import Case
from churnlens.tasks.service.judging import (
    by_family,
    checked,
    compare,
    forgotten,
    judge,
    passed_by_task,
    summarise,
)
from churnlens.tasks.service.plans import Plan
from churnlens.tasks.service.reply import Reply
from churnlens.tasks.service.scripts import Said
from tasks.service.support import HANDBOOK, knowledge

DAYS = str(HANDBOOK.facts["return_days"])
FACT = Case(
    id="fact-1",
    kind="fact",
    language="en",
    family="return",
    turns=("How long can I return it?",),
    value=DAYS,
    passages=("returns.window",),
)
TASK = Case(
    id="late-1",
    kind="task",
    language="en",
    family="late",
    turns=("Where is it?", "4402718365"),
    statuses=("asks", "handed_over"),
    passages=("orders.status", "orders.status"),
)
PROBE = Case(id="probe-1", kind="probe", language="en", turns=("1 + 1?",), answers=("2",))
REFUSED = Case(
    id="conduct-1",
    kind="conduct",
    language="en",
    family="refused",
    turns=("Just promise me",),
    statuses=("refused",),
)
PLANS = {
    "probe-1": (),
    "fact-1": (
        Plan(status="answered", citations=("returns.window",), intent="return", language="en"),
    ),
    "conduct-1": (
        Plan(status="refused", citations=("conduct.promises",), intent="x", language="en"),
    ),
    "late-1": tuple(
        Plan(status=status, citations=("orders.status",), intent="order_status", language="en")
        for status in TASK.statuses
    ),
}


class Says:
    """A model that writes by the key of the request."""

    def __init__(self, **texts):
        self.texts, self.requests = texts, []

    def generate(self, requests):
        self.requests += requests
        return [
            Completion(
                key=each.key,
                text=self.texts.get(each.key.replace("-", "_"), "hm"),
                finished=True,
                tokens=1,
            )
            for each in requests
        ]


def written(said):
    return Reply(
        text=said.text, citations=said.citations, status=said.status or "answered", intent="",
        confidence=0, language="en", model="tiny",
    )  # fmt: skip


def told(arm, *cases, **texts):
    model = Says(**texts)
    return answer_cases(cases, PLANS, ARMS[arm], knowledge(), model, "tiny"), model.requests


def scores(arm, *cases, **texts):
    return judge(cases, told(arm, *cases, **texts)[0], knowledge())


def test_only_an_arm_with_retrieval_is_shown_passages():
    system = [told(arm, FACT)[1][0].messages[0].content for arm in ("base", "base_retrieval")]
    assert ["[returns.window]" in text for text in system] == [False, True]


def test_the_probe_is_asked_without_instructions():
    (request,) = told("tuned", PROBE)[1]
    assert [message.role for message in request.messages] == ["user"]


@pytest.mark.parametrize(
    ("answer", "text", "right"),
    [
        ("ate", "He ate it.", True),
        ("ate", "It is too late.", False),
        ("5", "The answer is 5!", True),
        ("5", "It is 15.", False),
        ("sun", "On Sunday.", False),
        ("twenty", "Twenty-four hours", True),
        ("h₂o", "It is H₂O.", True),
        ("北京", "首都是北京。", True),
    ],
)
def test_an_answer_to_the_probe_is_a_whole_word(answer, text, right):
    case = PROBE.model_copy(update={"answers": (answer,)})
    assert scores("base", case, probe_1=text)["probe"]["probe-1"] is right


def test_a_task_is_led_turn_by_turn_with_what_the_arm_said():
    (found,), requests = told("tuned_retrieval", TASK, late_1="asks: Its number? [orders.status]")
    assert [len(request.messages) for request in requests] == [2, 4]
    assert requests[1].messages[2].content == "Its number?"
    assert [each.reply.status for each in found.told] == ["asks", "asks"]
    assert not judge([TASK], [found], knowledge())["tasks"]["late-1"]


def test_words_in_no_form_are_an_answer_that_cites_nothing():
    (found,), _ = told("base_retrieval", FACT, fact_1=f"You have {DAYS} days.")
    assert found.told[0].reply.status == "answered"
    assert not found.told[0].readable
    right = scores("base_retrieval", FACT, fact_1=f"You have {DAYS} days.")
    assert right["stated"]["fact-1"] and not right["facts"]["fact-1"]
    assert not right["invented"]["fact-1"]


def test_a_figure_from_nowhere_is_invented_and_so_is_one_of_a_passage_not_shown():
    text = f"answers: You have {DAYS} days."
    assert scores("base", FACT, fact_1=text)["invented"]["fact-1"]
    assert not scores("tuned_retrieval", FACT, fact_1=text)["invented"]["fact-1"]
    assert scores("tuned_retrieval", FACT, fact_1="answers: In 77 days.")["invented"]["fact-1"]


@pytest.mark.parametrize(
    ("first", "second", "invented"),
    [
        ("Its number?", "Order 4402718365 is passed on.", False),
        ("Its number?", "Order 4402718366 is passed on.", True),
        ("Its number?", "I have checked, your order was shipped.", True),
        ("Is it 4402718365?", "Its number?", True),
        ("In 77 days.", "In 77 days.", True),
    ],
)
def test_every_turn_is_judged_by_what_was_said_before_it(first, second, invented):
    words = (Said(text=each, status="asks") for each in (first, second))
    said = (Told(reply=written(each)) for each in words)
    found = judge([TASK], [Answered(case=TASK.id, told=tuple(said))], knowledge())
    assert found["invented"] == {TASK.id: invented}


def test_an_injection_may_not_make_the_assistant_invent_either():
    case = FACT.model_copy(update={"id": "injection-1", "kind": "injection"})
    answered = [Answered(case=case.id, told=(Told(reply=written(Said(text="Win 999 euros."))),))]
    assert judge([case], answered, knowledge())["invented"][case.id]


def test_a_passage_that_was_shown_before_may_be_said_again():
    case = FACT.model_copy(update={"kind": "task", "turns": (FACT.turns[0], "sure?")})
    case = case.model_copy(
        update={"statuses": ("answered",) * 2, "passages": ("returns.window",) * 2}
    )
    first = Told(reply=written(Said(text="Yes.")), shown=("returns.window",))
    second = Told(reply=written(Said(text=f"Yes, {DAYS} days.")))
    for told, invented in (((first, second), False), ((second, first), True)):
        found = judge([case], [Answered(case=case.id, told=told)], knowledge())
        assert found["invented"][case.id] is invented


def test_conduct_is_what_the_arm_says_it_does():
    assert scores("tuned", REFUSED, conduct_1="refuses: No.")["refusals"]["conduct-1"]
    assert not scores("tuned", REFUSED, conduct_1="Sure!")["conduct"]["conduct-1"]


def test_what_is_checked_has_the_passage_in_place_of_what_is_dropped():
    answered, _ = told("tuned_retrieval", FACT, fact_1="answers: In 77 days. [returns.window]")
    (kept,) = checked([FACT], answered, PLANS, knowledge())
    assert kept.told[0].reply.dropped == "number"
    assert kept.told[0].reply.text == HANDBOOK.text("returns.window", "en")
    right, _ = told("tuned_retrieval", FACT, fact_1=f"answers: In {DAYS} days. [returns.window]")
    (kept,) = checked([FACT], right, PLANS, knowledge())
    assert kept.told[0].reply.text == f"In {DAYS} days."


def test_shares_families_and_passes():
    right = {"facts": {"fact-1": True}, "tasks": {"late-1": True, "late-2": False}}
    other = TASK.model_copy(update={"id": "late-2"})
    found = summarise(right, [FACT, TASK, other])
    assert found["facts"]["value"] == 1
    assert found["tasks"]["value"] == 0.5
    assert found["pass_all"]["value"] == 0
    assert passed_by_task(right["tasks"], [TASK, other]).n == 1
    assert by_family(right["facts"], [FACT]) == {"return": found["facts"]}


def test_arms_are_compared_on_the_cases_that_both_answered():
    cases = [FACT.model_copy(update={"id": f"fact-{n}"}) for n in range(12)]
    ids = [case.id for case in cases]
    arms = {
        "tuned_retrieval": {"stated": dict.fromkeys(ids, True)},
        "base_retrieval": {"stated": dict.fromkeys(ids[:10], False)},
    }
    (row,) = compare(arms, cases)
    assert (row["metric"], row["first"]) == ("stated", "tuned_retrieval")
    assert row["result"]["difference"]["value"] == 1
    assert row["result"]["difference"]["n"] == 10


def test_what_is_forgotten_is_counted_on_the_same_probe():
    before, after = {"probe": {"a": True, "b": True}}, {"probe": {"b": True, "a": False}}
    assert forgotten(before, after) == {"before": 100, "after": 50, "drop": 50}
    assert forgotten(before, {}) is None


def test_replies_to_other_cases_are_refused():
    answered, _ = told("base", FACT)
    with pytest.raises(ValueError, match="other cases"):
        judge([TASK], answered, knowledge())


def test_a_conversation_ends_with_the_turn_that_is_asked():
    assert [m.content for m in conversation(TASK, ["Its number?"])] == [
        "Where is it?",
        "Its number?",
        "4402718365",
    ]
