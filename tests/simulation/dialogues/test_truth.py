"""What is true about a dialogue stands in the dialogue: outcome, emotion, summaries, extras."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from churnlens.simulation import simulate_dialogues
from churnlens.simulation.dialogues.book import dialogue_book
from churnlens.simulation.dialogues.course import CHANCES
from churnlens.simulation.dialogues.extras import KINDS, SHARES
from churnlens.simulation.phrasebook import phrasebook

NEGATIVE = {"1", "2", "sarcasm", "threat"}


@pytest.fixture(scope="module")
def truth(talks) -> pd.DataFrame:
    """One row a dialogue, with all its words."""
    texts = talks.turns.groupby("id", sort=False).text.agg("\n".join)
    return talks.dialogue_truth.merge(talks.dialogues, on="id").assign(text=texts.to_numpy())


@pytest.fixture(scope="module")
def by_id(talks) -> dict[str, pd.DataFrame]:
    return {key: rows.set_index("index") for key, rows in talks.turn_truth.groupby("id")}


def _no_offer() -> list[str]:
    """Return what a summary says where the agent proposed nothing."""
    books = [dialogue_book(code).words["no_offer"] for code in ("en", "zh")]
    return [phrase for book in books for phrases in book.values() for phrase in phrases]


def _at(evidence: str) -> list[int]:
    return [int(index) for index in evidence.split(";")] if evidence else []


def test_classes_are_all_common_enough_to_learn(truth):
    for field in ("accepted", "negative_emotion"):
        shares = truth[field].value_counts(normalize=True)
        assert set(shares.index) == {"yes", "no", "unclear"}
        assert shares.min() > 0.1
        assert shares.max() < 0.72


def test_acceptance_is_the_last_answer_and_its_turn(truth, by_id):
    for row in truth.itertuples():
        acts = by_id[row.id].act
        answers = acts[acts.isin(["yes", "no", "unclear"])]
        evidence = _at(row.accepted_evidence)
        if evidence:
            assert evidence == [answers.index[-1]]
            assert acts[evidence[0]] == row.accepted
        else:
            assert row.accepted == "unclear"


def test_without_an_answer_to_the_last_offer_acceptance_is_unclear(talks, truth):
    last = talks.turns.groupby("id").speaker.nth(-1)
    silent = truth[truth.accepted_evidence == ""]
    assert 0.08 < len(silent) / len(truth) < 0.25
    assert (last == "agent").any()
    unanswered = ~silent.agent_solution.isin(_no_offer())
    offered = len(truth) - (len(silent) - unanswered.sum())
    assert unanswered.sum() / offered == pytest.approx(CHANCES["walks_away"], abs=0.02)


def test_negative_emotion_is_what_is_said_and_where(truth, by_id):
    for row in truth.itertuples():
        said = by_id[row.id]
        shown = said.index[said.said.isin(NEGATIVE)].tolist()
        hints = said.index[(said.complaint != "") | (said.said == "ambiguous")].tolist()
        want = ("yes", shown) if shown else ("unclear", hints) if hints else ("no", [])
        assert (row.negative_emotion, _at(row.negative_emotion_evidence)) == want


def test_emotion_goes_with_the_planted_satisfaction(truth):
    means = truth.groupby("negative_emotion").mood.mean()
    assert means["yes"] + 0.6 < means["no"]


def test_every_number_of_a_summary_occurs_in_its_dialogue(truth):
    numbers = 0
    for row in truth.itertuples():
        said = set(re.findall(r"\d+", row.text))
        stated = set(re.findall(r"\d+", f"{row.user_problem} {row.agent_solution}"))
        assert stated <= said, row
        numbers += len(stated)
    assert numbers / len(truth) > 3


def test_summaries_state_what_the_dialogue_is_about(truth):
    clean = truth[truth.channel == "chat"]
    for row in clean.itertuples():
        items = next(
            each.items
            for each in dialogue_book(row.language).scenarios
            if each.name == row.scenario
        )
        about = [item for item in items if item.lower() in row.user_problem.lower()]
        assert about, row.user_problem
    chinese = truth.user_problem.str.contains(r"[\u4e00-\u9fff]")
    assert (chinese == (truth.language == "zh")).all()
    assert (truth.agent_solution.str.contains(r"[\u4e00-\u9fff]") == chinese).all()


def test_summaries_are_sentences(truth):
    english, chinese = truth[truth.language == "en"], truth[truth.language == "zh"]
    for column in ("user_problem", "agent_solution"):
        assert english[column].str.fullmatch(r"[A-Z0-9].*\.").all()
        assert chinese[column].str.match("用户|客服").all()
        assert truth[column].str.len().max() < 260
        assert not truth[column].str.contains(r"[{}]|\.\.").any()
    assert truth.user_problem.nunique() > 0.9 * len(truth)


def test_two_offers_are_both_summarised(talks, truth):
    second = talks.turn_truth.id[talks.turn_truth.after == "better"].unique()
    links = [str(dialogue_book(code).words["then"]) for code in ("en", "zh")]
    both = truth.agent_solution.str.contains("|".join(map(re.escape, links)))
    assert set(second) <= set(truth.id[both])
    assert len(second) > 40
    answers = truth.accepted[truth.id.isin(second)].value_counts(normalize=True)
    assert 0.4 < answers["yes"] < 0.9
    assert set(answers.index) == {"yes", "no", "unclear"}


def test_held_out_scenarios_have_other_summaries(truth):
    """With the facts taken out, no problem or solution is told in the words of another scenario."""
    for column in ("user_problem", "agent_solution"):
        told = truth[~truth.agent_solution.isin(_no_offer())]
        bare = told[column].str.replace(r"\d+", "0", regex=True)
        assert (told.groupby(bare).scenario.nunique() == 1).all()


def test_personal_data_stand_in_the_text_with_the_declared_share(truth):
    planted = truth[truth.personal_kinds != ""]
    assert len(planted) / len(truth) == pytest.approx(SHARES["personal_data"], abs=0.02)
    kinds = planted.personal_kinds.str.split(";")
    values = planted.personal_values.str.split(";")
    assert (kinds.str.len() == values.str.len()).all()
    assert set(kinds.explode()) == set(KINDS)
    assert (kinds.str.len() == 2).mean() == pytest.approx(SHARES["second_kind"], abs=0.08)
    assert kinds.map(lambda each: len(set(each)) == len(each)).all()
    for text, language, *each in zip(planted.text, planted.language, kinds, values, strict=True):
        for kind, value in zip(*each, strict=True):
            forms = phrasebook(language)["personal"][kind]
            assert any(form.replace("{value}", value) in text for form in forms)
    silent = truth[truth.personal_kinds == ""]
    assert not silent.text.str.contains(r"@(?:mail\.)?example\.|\d{11}").any()


def test_a_customer_bears_one_name(truth):
    named = truth[truth.personal_kinds == "name"]
    counts = named.groupby("customer_id").personal_values.nunique()
    assert (counts == 1).all()
    assert named.personal_values.nunique() > 30


def test_placeholders_and_bots_occur(talks, truth):
    planted = truth[truth.placeholder != ""]
    assert len(planted) / len(truth) == pytest.approx(SHARES["placeholder"], abs=0.015)
    assert all(row.placeholder in row.text for row in planted.itertuples())
    first = talks.turns[talks.turns["index"] == 0]
    bots = [p for code in ("en", "zh") for p in dialogue_book(code).words["agent"]["bot"]]
    spoken = first.text.str.startswith(tuple(bot[:8] for bot in bots))
    assert spoken.mean() == pytest.approx(0.25, abs=0.03)
    assert (spoken == (first.speaker == "agent")).all()


def test_one_dialogue_of_two_hundred_holds_an_order_to_a_machine(truth):
    planted = truth[truth.canary != ""]
    assert planted.index.tolist() == list(range(0, len(truth), 200))
    assert planted.canary.str.fullmatch(r"ZX\d{8}").all()
    assert all(row.canary in row.text for row in planted.itertuples())
    assert not truth.drop(planted.index).text.str.contains(r"ZX\d{8}").any()
    assert simulate_dialogues(1, seed=11).dialogue_truth.canary[0]
    assert not planted.user_problem.str.contains("ZX").any()
