"""The words carry the mood through the declared odds, and nothing else."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from churnlens.simulation.dialogues.book import dialogue_book
from churnlens.simulation.dialogues.words import SAYS, SHARES, styled

MOOD_ACTS = {
    "tell": "tell", "tell_all": "tell", "detail": "answer", "ack": "answer", "wait": "wait",
    "yes": "react", "no": "react", "unclear": "react", "end": "end",
}  # fmt: skip


@pytest.fixture(scope="module")
def turns(talks) -> pd.DataFrame:
    """The customer turns with text, truth and language."""
    told = talks.dialogue_truth[["id", "reason", "personal_kinds", "placeholder", "canary"]]
    return (
        talks.turns.merge(talks.turn_truth, on=["id", "index"])
        .merge(talks.dialogues[["id", "language", "channel", "scenario"]], on="id")
        .merge(told, on="id")
    )


@pytest.fixture(scope="module")
def clean(turns) -> pd.DataFrame:
    """The ones that nothing has spoiled."""
    return turns[turns.noise == ""]


def _bare(text: str) -> str:
    return re.sub(r"\W", "", text).lower()


def test_a_style_joins_sentences_and_marks_questions():
    question = {"mark": "?", "pattern": "^(can|how)"}
    usual = {"join": " ", "end": ".", "capital": True, "lower": False}
    said = ["can you check", "it is Order 5", "really?", "how come"]
    assert styled(said, usual, question) == "Can you check? It is Order 5. Really? How come?"
    loose = {"join": ", ", "end": "", "capital": False, "lower": True}
    assert styled(said, loose, question) == "can you check, it is order 5, really?, how come"


def test_the_mood_is_shown_with_the_declared_odds(clean):
    shown = clean[clean.act.isin(MOOD_ACTS) & (clean.said != "threat")]
    own = shown.said == shown.satisfaction.astype(str)
    inner = shown.satisfaction.between(2, 4)
    assert own[inner].mean() == pytest.approx(SAYS["own"], abs=0.02)
    levels = shown.said.isin(list("12345"))
    assert (levels & ~own)[inner].mean() == pytest.approx(SAYS["near"], abs=0.015)
    assert (shown.said == "")[inner & (shown.satisfaction > 3)].mean() == pytest.approx(
        SAYS["nothing"] + SAYS["odd"], abs=0.02
    )
    far = (shown.said[levels].astype(int) - shown.satisfaction[levels]).abs()
    assert far.max() == 1


def test_sarcasm_and_ambiguity_belong_to_low_moods(clean):
    shown = clean[clean.act.isin(MOOD_ACTS) & (clean.said != "threat")]
    odd = shown.said.isin(["sarcasm", "ambiguous"])
    assert odd[shown.satisfaction <= 3].mean() == pytest.approx(SAYS["odd"], abs=0.015)
    assert shown.satisfaction[shown.said == "sarcasm"].max() == 2
    assert set(shown.satisfaction[shown.said == "ambiguous"]) == {2, 3}
    assert (shown.said == "sarcasm").sum() > 50


def test_threats_have_the_declared_odds(turns):
    low = turns[turns.act.isin(["wait", "no", "end"]) & (turns.satisfaction <= 2)]
    assert (low.said == "threat").mean() == pytest.approx(SHARES["threat"], abs=0.03)
    assert (turns.said == "threat").sum() == (low.said == "threat").sum() > 100
    for phrase in ("我要投诉", "I'll cancel everything"):
        assert turns.text.str.contains(phrase).sum() > 3


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_said_stands_in_the_text(clean, language):
    words = dialogue_book(language).words
    kinds = {kind: words[kind] for kind in ("sarcasm", "ambiguous")}
    kinds["threat"] = words["threats"]
    for row in clean[(clean.language == language) & (clean.said != "")][:4000].itertuples():
        phrases = kinds.get(row.said) or words["moods"][MOOD_ACTS[row.act]][int(row.said)]
        assert any(_bare(phrase) in _bare(row.text) for phrase in phrases), row
    for row in clean[(clean.language == language) & (clean.complaint != "")][:2000].itertuples():
        phrases = words["complaints"][row.complaint]
        assert any(_bare(phrase) in _bare(row.text) for phrase in phrases), row


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_phrase_of_another_mood_stands_in_the_text(clean, language):
    """A silent turn is silent: no phrase of high or low mood slips in by another way."""
    moods = dialogue_book(language).words["moods"]
    strong = [_bare(p) for levels in moods.values() for n in (1, 2, 5) for p in levels[n]]
    silent = clean[(clean.language == language) & (clean.said == "") & (clean.complaint == "")]
    assert len(silent) > 1000
    for text in silent.text[:2500]:
        assert not [phrase for phrase in strong if phrase in _bare(text)], text


def test_complaints_name_the_planted_reason_only(turns):
    named = turns[turns.complaint != ""]
    assert (named.complaint == named.reason).all()
    assert set(named.act) <= {"tell", "tell_all", "wait"}
    tells = turns[turns.act.isin(["tell", "tell_all"]) & (turns.satisfaction <= 4)]
    about = tells[~tells.reason.isin(["none", "slow_answer", "cold_attitude"])]
    assert (about.complaint != "").mean() == pytest.approx(SHARES["complaint"], abs=0.03)


def test_an_agent_who_is_blamed_is_told_so_and_only_after_it(turns):
    blamed = turns[turns.reason.isin(["slow_answer", "cold_attitude"])]
    style = {"slow_answer": "slow", "cold_attitude": "cold"}
    seen = blamed[blamed.after == blamed.reason.map(style)]
    assert (seen.groupby("id").complaint.agg(lambda each: (each != "").any())).all()
    named = blamed[blamed.act.isin(["tell", "tell_all"]) & (blamed.complaint != "")]
    topics = {each.name: each.reason for each in dialogue_book("en").scenarios}
    assert (named.scenario.map(topics) == named.complaint).all()
    assert 0 < len(named) < 0.2 * len(blamed)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_reason_leaks_where_there_is_none(talks, language):
    ids = talks.dialogue_truth.id[talks.dialogue_truth.reason == "none"]
    chosen = talks.dialogues.id[
        (talks.dialogues.language == language) & talks.dialogues.id.isin(ids)
    ]
    said = " ".join(map(_bare, talks.turns.text[talks.turns.id.isin(chosen)]))
    words = dialogue_book(language).words
    poor = [p for style in ("slow", "cold", "refuse") for p in words["agent"][style]]
    complaints = [p for phrases in words["complaints"].values() for p in phrases]
    assert len(chosen) > 200
    assert not [phrase for phrase in poor + complaints if _bare(phrase) in said]


def test_voices_typos_and_emoji_have_the_declared_shares(talks, turns):
    voice = talks.dialogues.channel == "voice"
    assert voice.mean() == pytest.approx(SHARES["voice"], abs=0.015)
    assert ((turns.noise == "voice") == (turns.channel == "voice")).all()
    chat = turns[turns.channel == "chat"]
    english = chat[(chat.language == "en") & (chat.text.str.len() > 30)]
    assert (english.noise == "typo").mean() == pytest.approx(SHARES["typo"], abs=0.01)
    assert 0.002 < (chat.noise[chat.language == "zh"] == "typo").mean() < SHARES["typo"]
    emoji = chat.text.str.contains(r"[\U0001F300-\U0001FAFF]")
    assert emoji.mean() == pytest.approx(SHARES["emoji"], abs=0.01)
    low = chat.text.str.contains("😡|😤")
    assert chat.satisfaction[low].max() <= 2


def test_voices_have_no_punctuation(turns):
    spoken = turns[(turns.channel == "voice") & (turns.personal_kinds == "")]
    spoken = spoken[(spoken.placeholder == "") & (spoken.canary == "")]
    assert len(spoken) > 300
    assert not spoken.text.str.contains(r"[,.!?。！？]").any()
    assert not spoken.text.str.contains(r"[A-Z]").any()


def _score(texts: pd.Series, truth: pd.Series, groups: pd.Series) -> tuple[float, float, float]:
    """Return accuracy and macro-F1 of a bag of characters or words, and the majority's share."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import f1_score
    from sklearn.model_selection import GroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline

    words = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 3), max_features=4000)
    model = make_pipeline(words, LogisticRegression(max_iter=80, class_weight="balanced"))
    guess = cross_val_predict(model, texts, truth, groups=groups, cv=GroupKFold(2))
    most = truth.value_counts(normalize=True).max()
    return float(np.mean(guess == truth)), float(f1_score(truth, guess, average="macro")), most


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_bag_of_words_beats_chance_and_is_far_from_perfect(turns, language):
    some = turns[turns.language == language][:4000]
    accuracy, macro, majority = _score(some.text, some.satisfaction, some.scenario)
    assert majority + 0.1 < accuracy < 0.8
    assert 0.45 < macro < 0.8
    two = some[some.satisfaction != 3]
    accuracy, macro, _ = _score(two.text, two.satisfaction <= 2, two.scenario)
    assert 0.7 < macro <= accuracy + 0.02 < 0.95


def test_nobody_repeats_a_phrase_within_a_dialogue(talks):
    """Agents have seven ways to put off and at most three occasions."""
    agent = talks.turns[talks.turns.speaker == "agent"]
    assert agent.groupby("id").text.agg(lambda each: each.is_unique).all()
    assert talks.turns.groupby("id").text.agg(lambda each: each.is_unique).mean() > 0.98


@pytest.mark.parametrize(("language", "asks", "states"), [
    ("en", ["can you check this", "since when do you have it"], ["what a joke of a company", "got it"]),
    ("zh", ["您这单付了多少钱", "怎么处理"], ["我还是挺失望的", "一点诚意都没有"]),
])  # fmt: skip
def test_questions_are_told_from_exclamations(language, asks, states):
    style = {"join": " ", "end": ".", "capital": False, "lower": False}
    question = dialogue_book(language).words["question"]
    assert all(styled([text], style, question)[-1] == question["mark"] for text in asks)
    assert all(styled([text], style, question)[-1] == "." for text in states)
