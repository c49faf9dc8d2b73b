"""The arms by what they may do: models write raw, floors know nothing, checks only drop."""

import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnlens.schema import read_schema
from churnlens.tasks.arms import WRITTEN
from churnlens.tasks.churn.arms import (
    all_arms,
    ask_arm,
    checked,
    improved,
    shown_to,
    stub,
    template,
)
from churnlens.tasks.churn.exercise import ExercisePrompt, read_answer, set_exercise
from churnlens.tasks.churn.grading import grade
from tasks.churn.lessons import COMMON, PROMPTS, ROOT, answer, lesson, mark_of, said, whole

ONE, TWO, FEW = lesson(), lesson(1, language="zh"), lesson(2, "too_few")
PROMPT = ExercisePrompt.model_validate(PROMPTS["exercise"])


@pytest.fixture(scope="module")
def schema():
    return read_schema(ROOT / "conf" / "base" / "schemas" / "telco.yml")


@pytest.fixture(scope="module")
def table():
    return pd.DataFrame(
        {
            "customerID": ["K1", "K2", "K3"],
            "tenure": [1.0, 2.0, 3.0],
            "MonthlyCharges": [20.0, 70.0, 110.0],
            "Contract": ["Month-to-month"] * 3,
        }
    )


@pytest.mark.parametrize("name", WRITTEN)
def test_a_model_is_asked_with_a_grammar_only_where_the_arm_has_one(name):
    asked = ask_arm([ONE, FEW], WRITTEN[name], PROMPT, 99)
    assert [request.grammar is not None for request in asked] == [WRITTEN[name].grammar] * 2
    assert {request.max_new_tokens for request in asked} == {99 if WRITTEN[name].grammar else 132}
    assert [request.key for request in asked] == [ONE.id, FEW.id]


def test_all_models_are_asked_in_the_same_words():
    asked = [ask_arm([ONE], arm, PROMPT, 9)[0].messages for arm in WRITTEN.values()]
    assert asked == [asked[0]] * len(WRITTEN)
    assert [message.role for message in asked[0]] == ["system", "user"]


def test_there_are_two_arms_of_a_kind():
    assert {arm for arm in WRITTEN.values()} == {
        (t, g) for t in (False, True) for g in (False, True)
    }


def test_the_stub_reads_nothing_of_the_evidence():
    told = json.loads(stub(ONE))
    other = lesson(brief=ONE.brief.model_copy(update={"findings": ONE.brief.findings[:1]}))
    assert json.loads(stub(other)) == told
    assert told["citations"] == ["D1", "D2", "D3"]
    assert set(shown_to(set_exercise(ONE.brief)).values()) == {True}


@pytest.mark.parametrize("each", [ONE, TWO])
def test_the_template_says_every_fact_with_its_quotes(each):
    graded = grade(template(each), set_exercise(each.brief), COMMON)
    assert graded.support == graded.coverage == (4, 4)
    assert graded.documents == (2, 2)
    assert graded.faults == ()


def test_the_template_refuses_in_the_tables_words():
    told = json.loads(template(FEW))
    assert (told["status"], told["summary"]) == ("too_few", FEW.brief.refusal)
    assert told["top_reasons"] == told["citations"] == told["actions"] == []


def sentences(text):
    written = json.loads(text)
    return [s for s in (written["summary"], *written["top_reasons"]) if s]


def test_the_checks_let_a_right_answer_pass_as_it_is():
    assert json.loads(checked(whole(ONE), ONE, COMMON)) == json.loads(whole(ONE))


def test_the_checks_drop_what_is_not_supported_and_keep_the_rest_word_by_word():
    good = said(ONE, "support")
    text = answer(
        ONE,
        said(ONE, "rate", words="Fiber customers left: 99.9 %."),
        good,
        said(
            ONE,
            "contract",
            words="Those with a short contract left because of it (50.0 % against 20.0 %).",
        ),
        said(
            ONE,
            "contract",
            words="Those with a short contract left less often (50.0 % against 20.0 %).",
        ),
        said(ONE, "phone"),
        "Those with a short contract left more often.",
        "Fiber customers left: 42.5 %. [F99]",
    )
    assert sentences(checked(text, ONE, COMMON)) == [good]


def test_a_sentence_with_a_wrong_citation_goes_and_is_not_mended():
    wrong, right = said(ONE, "price", "D3"), said(ONE, "rate")
    told = json.loads(checked(answer(ONE, right, wrong), ONE, COMMON))
    assert sentences(json.dumps(told)) == [right]
    assert told["citations"] == []


def test_no_citation_is_added():
    told = json.loads(checked(answer(ONE, said(ONE, "price")), ONE, COMMON))
    assert told["citations"] == []
    assert "[D" not in told["summary"]
    one = json.loads(checked(answer(ONE, said(ONE, "price", "D2")), ONE, COMMON))
    assert one["citations"] == ["D2"]


def test_a_citation_that_no_sentence_makes_is_dropped():
    text = answer(ONE, said(ONE, "price", "D1"), citations=["D1", "D2", "D3", "D9"])
    assert json.loads(checked(text, ONE, COMMON))["citations"] == ["D1"]


def test_a_fact_is_said_once():
    texts = [said(ONE, "rate"), said(ONE, "rate"), said(ONE, "support")]
    assert sentences(checked(answer(ONE, *texts), ONE, COMMON)) == [texts[0], texts[2]]


@pytest.mark.parametrize("text", ["", "cut off {", "[]", '{"summary": 3}', '{"summary": "x"}'])
def test_of_nothing_supported_nothing_is_left(text):
    told = json.loads(checked(text, ONE, COMMON))
    assert told["summary"] == "" and told["top_reasons"] == told["citations"] == []
    assert (told["status"], told["risk_level"]) == ("answered", "medium")  # the table's


def test_a_refusal_is_the_tables_and_not_the_models():
    invented = answer(FEW, status="answered", summary="42 % left because of the price.")
    assert json.loads(checked(invented, FEW, COMMON))["summary"] == FEW.brief.refusal


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["rate", "contract", "support", "phone", "price"]),
            st.lists(st.sampled_from(["D1", "D2", "D3", "D9"]), max_size=2),
            st.sampled_from(["", "Fiber customers left: 42.5 %.", "They left."]),
        ),
        max_size=6,
    )
)
def test_what_the_checks_let_pass_was_written_and_stands(parts):
    written = [said(ONE, name, *documents, words=words) for name, documents, words in parts]
    passed = checked(answer(ONE, *written), ONE, COMMON)
    assert set(sentences(passed)) <= set(written)
    graded = grade(passed, set_exercise(ONE.brief), COMMON)
    assert [each.fault for each in graded.sentences if each.sentence.text] == [""] * len(
        sentences(passed)
    )
    assert graded.repeated == 0 and graded.citations_right
    assert checked(passed, ONE, COMMON) == passed


def test_the_public_repairs_top_citations_up_in_marks(schema, table):
    told = json.loads(improved(answer(ONE, said(ONE, "rate")), ONE, table, schema))
    assert told["citations"] == ["D1", "D2"]
    # all left; tenure 2 of 72, charges between 20 and 110, monthly contracts
    assert told["risk_level"] == "high" and told["risk_components"]["churn_rate"] == 1
    kept = json.loads(improved(answer(ONE, citations=["D3"]), ONE, table, schema))
    assert kept["citations"] == ["D3", "D1"]
    assert "K1" not in json.dumps(kept)


def test_all_arms_are_there_floors_first(schema, table):
    lessons = [ONE, TWO, FEW]
    written = {name: [f"{name} {n}" for n in range(3)] for name in WRITTEN}
    written["tuned_grammar"] = [whole(each) for each in lessons]
    arms = all_arms(lessons, written, COMMON, table, schema)
    assert list(arms) == ["stub", "template", *WRITTEN, "tuned_checked", "public_repairs"]
    assert {name: arms[name] for name in WRITTEN} == written
    assert arms["tuned_checked"] == [checked(whole(each), each, COMMON) for each in lessons]
    assert all(len(texts) == 3 for texts in arms.values())
    assert "tuned 1" in arms["public_repairs"][1]  # of the raw text


def test_a_missing_text_is_an_error(schema, table):
    written = {name: ["{}"] for name in WRITTEN}
    with pytest.raises(ValueError, match="zip"):
        all_arms([ONE, TWO], written, COMMON, table, schema)


def test_marks_are_found_by_name():
    assert read_answer(whole(ONE)).summary.facts == (mark_of(ONE, "rate"),)
