"""Figures of a batch: a perfect writer, a constant one, and one that fails."""

import json
from dataclasses import replace

import numpy as np
import pytest

from churnlens.evaluation.recipe_overlap import Embedder
from churnlens.evaluation.text_overlap import rouge
from churnlens.options import SummaryScoreOptions
from churnlens.tasks.summary.contract import Reference
from churnlens.tasks.summary.references import references_of
from churnlens.tasks.summary.scores import (
    Batch,
    best_constant_answer,
    keeps_contract,
    overall_items,
    score_drafts,
)
from churnlens.tasks.summary.writers import ConstantWriter, Draft, LeadWriter
from tasks.summary.support import SUMMARY, demo, dialogue

OPTIONS = SummaryScoreOptions(resamples=100)


def batch(language, size=12):
    own = [each for each in demo() if each.language == language][:size]
    return Batch(own, [references_of(each) for each in own], language)


def perfect(given):
    return [
        Draft(summary=refs[0].summary(), evidence=refs[0].evidence, model="oracle")
        for refs in given.references
    ]


def floor(given):
    answer = best_constant_answer(given.references, given.language)
    return ConstantWriter({given.language: answer}).write(given.dialogues)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_perfect_writer_has_every_share_at_one(language):
    given = batch(language)
    scores = score_drafts(perfect(given), floor(given), given, OPTIONS)
    json.dumps(scores)
    assert scores["valid"]["value"] == 1
    for field in ("user_problem", "agent_solution"):
        assert scores["fields"][field]["rouge_l"]["value"] == pytest.approx(1)
        assert scores["fields"][field]["length_ratio"] == pytest.approx(1)
    for field in ("accepted", "negative_emotion"):
        assert scores["fields"][field]["scores"]["accuracy"]["value"] == 1
        assert scores["evidence"][field]["exact"]["value"] == 1
    assert scores["recipe"]["bleu_4"]["value"] == pytest.approx(1)
    assert scores["recipe"]["edit_distance"]["value"] == 0
    assert scores["number_fidelity"]["corpus"] >= 0.98
    low = scores["floor"]["recipe"]["rouge_l"]["value"]
    assert scores["margin"]["rouge_l"]["value"] == pytest.approx(1 - low)
    assert 0.3 < low < 0.9  # most of the JSON is schema


def test_a_constant_has_no_margin_over_itself():
    given = batch("zh")
    scores = score_drafts(floor(given), floor(given), given, OPTIONS)
    assert scores["margin"]["bleu_4"]["value"] == 0
    assert scores["fields"]["user_problem"]["rouge_l"]["value"] < 0.5
    assert scores["evidence"]["accepted"]["hit"]["value"] == 0


def test_a_draft_that_failed_counts_as_empty():
    given = batch("en", 6)
    drafts = [Draft(model="m", error="x")] * 6
    scores = score_drafts(drafts, floor(given), given, OPTIONS)
    assert scores["valid"]["value"] == 0
    assert scores["fields"]["user_problem"]["rouge_l"]["value"] == 0
    assert scores["fields"]["accepted"]["scores"]["accuracy"]["value"] == 0
    assert scores["number_fidelity"]["corpus"] is None
    assert (overall_items(drafts, given) == 0).all()


def test_an_invented_number_is_counted():
    given = batch("en", 4)
    made = SUMMARY.model_copy(update={"user_problem": "It cost 987654 dollars."})
    drafts = [Draft(summary=made, model="m")] * 4
    assert score_drafts(drafts, floor(given), given, OPTIONS)["number_fidelity"]["corpus"] < 0.5


def test_several_references_are_averaged_and_open_values_left_out():
    told = [dialogue("wifi is down", "please restart", key=str(n)) for n in range(3)]
    refs = [
        Reference(user_problem="Wifi is down.", agent_solution="Restart.", negative_emotion="no"),
        Reference(user_problem="No wifi.", agent_solution="Agent says restart it."),
    ]
    given = Batch(told, [refs] * 3, "en")
    drafts = LeadWriter().write(told)
    scores = score_drafts(drafts, floor(given), given, OPTIONS)
    gold = [[ref.user_problem for ref in refs]] * 3
    expected = rouge(["wifi is down"] * 3, gold, "en")["rougeL"].corpus
    assert scores["fields"]["user_problem"]["rouge_l"]["value"] == pytest.approx(expected)
    assert "accepted" not in scores["fields"] and "negative_emotion" in scores["fields"]
    whole = [["Wifi is down. Restart.", "No wifi. Agent says restart it."]] * 3
    expected = rouge(["wifi is down. please restart."] * 3, whole, "en")["rouge1"].corpus
    assert scores["fields"]["whole"]["rouge_1"]["value"] == pytest.approx(expected)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_reference_without_sentences_is_judged_by_its_closed_values(language):
    given = batch(language, 6)
    closed = [refs[0].accepted for refs in given.references]
    bare = [Reference(accepted=value, negative_emotion="no") for value in closed]
    mixed = replace(given, references=[*given.references[:4], *([each] for each in bare[4:])])
    lead = LeadWriter().write(given.dialogues)
    scores = score_drafts(lead, floor(given), mixed, OPTIONS)
    four = Batch(given.dialogues[:4], given.references[:4], language)
    alone = score_drafts(lead[:4], floor(given)[:4], four, OPTIONS)
    for part in ("user_problem", "agent_solution", "whole"):
        assert scores["fields"][part]["rouge_l"] == alone["fields"][part]["rouge_l"]
    assert sum(map(sum, scores["fields"]["accepted"]["counts"])) == 6
    items = overall_items(lead, mixed)
    assert items[:4] == pytest.approx(overall_items(lead[:4], four))
    right = [(1 + (value == "unclear")) / 2 for value in closed[4:]]  # what the lead always says
    assert items[4:] == pytest.approx(right)
    none = replace(given, references=[[each] for each in bare])
    assert "whole" not in score_drafts(lead, floor(given), none, OPTIONS)["fields"]


def test_the_contract_is_checked_in_its_written_form():
    assert keeps_contract(Draft(summary=SUMMARY, model="m"), "zh")
    assert not keeps_contract(Draft(model="m", error="x"), "zh")


def test_the_score_of_a_prompt_search_ranks_writers():
    given = batch("zh")
    best, lead = (
        overall_items(each, given) for each in (perfect(given), LeadWriter().write(given.dialogues))
    )
    assert np.allclose(best, 1) and (lead < best).all()


def test_vectors_are_held_against_the_reference_in_a_language_of_the_encoder():
    one_way = Embedder("x@1", ("zh",), lambda texts: np.array([[len(t), 1.0] for t in texts]))
    given = replace(batch("zh", 3), embedder=one_way)
    scores = score_drafts(perfect(given), floor(given), given, OPTIONS)
    assert scores["recipe"]["embedding_distance"]["value"] == pytest.approx(0)
    assert scores["recipe"]["embedding_distance"]["signature"] == "1-cosine|encoder:x@1"
    assert scores["margin"]["embedding_distance"]["value"] < 0  # less is better
    other = replace(batch("en", 3), embedder=one_way)
    without = score_drafts(perfect(other), floor(other), other, OPTIONS)
    assert "embedding_distance" not in without["recipe"]


def test_wrong_numbers_of_drafts_are_told():
    given = batch("en", 3)
    with pytest.raises(ValueError, match="one draft a dialogue"):
        score_drafts(perfect(given)[:2], floor(given), given, OPTIONS)
    with pytest.raises(ValueError):
        best_constant_answer([[]], "en")
