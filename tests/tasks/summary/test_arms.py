"""Arms of summaries: what each is asked, raw texts as drafts, and the comparison."""

import json

import numpy as np
import pytest

from churnlens.options import SummaryScoreOptions
from churnlens.tasks.arms import WRITTEN
from churnlens.tasks.summary.arms import PAIRS, ask_arm, beside, drafts_of, score_arms
from churnlens.tasks.summary.references import references_of
from churnlens.tasks.summary.writers import ConstantWriter, LeadWriter
from tasks.summary.support import PROMPT, SUMMARY, demo

OPTIONS = SummaryScoreOptions(resamples=100)
ROWS = [each for each in demo() if each.language == "en"][:12]
FLOOR = ConstantWriter({"en": SUMMARY})
RIGHT = [references_of(each)[0].summary().text("en") for each in ROWS]


def told(**texts):
    """Drafts of every arm: the right texts but for those that are given."""
    arms = {name: texts.get(name, RIGHT) for name in WRITTEN}
    written = {name: drafts_of(name, ROWS, each) for name, each in arms.items()}
    return {"lead": LeadWriter().write(ROWS), "extractive": LeadWriter().write(ROWS), **written}


@pytest.mark.parametrize("name", WRITTEN)
def test_only_an_arm_of_the_grammar_is_held_to_it(name):
    for dialogue, request in zip(ROWS, ask_arm(ROWS, WRITTEN[name], PROMPT, 99), strict=True):
        assert (request.grammar is not None) == WRITTEN[name].grammar
        assert (request.key, request.max_new_tokens) == (dialogue.id, 99)
        assert request.messages[0].role == "system"


def test_a_raw_text_that_is_no_summary_is_a_failed_draft():
    texts = ["a story", "", '{"user_problem": "x"}', RIGHT[3]]
    drafts = drafts_of("base", ROWS[:4], texts)
    assert [draft.summary is None for draft in drafts] == [True, True, True, False]
    assert all(draft.error for draft in drafts[:3])
    assert not any("story" in draft.error for draft in drafts)


def test_the_right_answer_is_best_and_a_failed_one_scores_nothing():
    found = score_arms(told(base=["no JSON"] * len(ROWS)), FLOOR, ROWS, OPTIONS)["en"]
    json.dumps(found)
    assert found["n"] == len(ROWS)
    assert found["arms"]["tuned"]["fields"]["whole"]["rouge_l"]["value"] == pytest.approx(1)
    assert found["arms"]["base"]["fields"]["whole"]["rouge_l"]["value"] == 0
    assert found["arms"]["base"]["valid"]["value"] == 0
    rows = {(row["first"], row["second"]): row for row in found["comparisons"]}
    assert set(rows) == set(PAIRS)
    assert rows["tuned", "base"]["result"]["difference"]["value"] == pytest.approx(1)
    assert rows["tuned_grammar", "base_grammar"]["result"]["difference"]["value"] == 0


def test_a_comparison_is_paired_over_dialogues():
    wrong = [RIGHT[0], *(json.dumps(SUMMARY.written("en")) for _ in RIGHT[1:])]
    found = score_arms(told(base_grammar=wrong), FLOOR, ROWS, OPTIONS)["en"]
    row = next(row for row in found["comparisons"] if row["second"] == "base_grammar")
    assert row["result"]["difference"]["low"] > 0
    assert np.isclose(row["first_mean"] - row["second_mean"], row["result"]["difference"]["value"])


def test_examples_hold_the_two_texts_of_each_arm():
    shown = beside(ROWS, told(tuned=["bad"] * len(ROWS)), 2)
    assert [each["id"] for each in shown] == [each.id for each in ROWS[:2]]
    gold = references_of(ROWS[0])[0]
    assert shown[0]["texts"]["gold"] == [gold.user_problem, gold.agent_solution]
    assert shown[0]["texts"]["tuned"] == []
