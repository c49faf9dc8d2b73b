"""The phrase files: both languages have the same parts, and scenarios share no wording."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from itertools import combinations

import numpy as np
import pytest

from churnlens.simulation.dialogues.book import Book, Scenario, dialogue_book, draw_facts
from churnlens.simulation.dialogues.course import SERVICE_REASONS
from churnlens.simulation.dialogues.mood import EFFECTS
from churnlens.simulation.sampling import Draw

REASONS = {
    "late_delivery", "slow_answer", "cold_attitude", "price", "quality", "billing", "outage"
}  # fmt: skip
# what a reader would take for a reason; no dialogue with the reason "none" may hold any
REASON_WORDS = {
    "en": r"\b(late|later than|overdue|slow\w*|rude\w*|impolite|unfriendly|expensive|overpriced|"
    r"rip\w*|quality|defect\w*|broken|junk|charged?|billing|bill|debit\w*|outage|offline|"
    r"no signal|crash\w*|attitude|nobody replied)\b",
    "zh": r"太晚|超时|没送|延误|慢|没人回|没人理|半天|态度|冷淡|贵|涨|坑|质量|次品|坏|碎|"
    r"扣费|扣款|乱收|账单|断网|断了|故障|瘫痪|没信号|连不上",
}


def _slots(template: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", template))


def _wordings(scenario: Scenario) -> list[str]:
    offers = [each for solution in scenario.solutions for each in solution.offer]
    return [*scenario.problem, *scenario.detail, *offers]


def _summaries(scenario: Scenario) -> list[str]:
    return [scenario.summary, *(each.summary for each in scenario.solutions)]


@pytest.fixture(params=["en", "zh"])
def language(request) -> str:
    return request.param


@pytest.fixture
def book(language) -> Book:
    return dialogue_book(language)


def test_both_languages_have_the_same_parts():
    first, second = dialogue_book("en"), dialogue_book("zh")
    for part in ("", "plain", "decision", "moods", "emoji", "agent", "complaints", "no_offer"):
        named = (book.words[part] if part else book.words for book in (first, second))
        assert len({frozenset(each) for each in named}) == 1, part
    pairs = [{s.name: s.reason for s in book.scenarios} for book in (first, second)]
    assert pairs[0] == pairs[1]


def test_there_are_scenarios_of_every_reason_and_without_any(book):
    counts = Counter(scenario.reason for scenario in book.scenarios)
    assert set(counts) == REASONS | {"none"} == {*book.words["complaints"], "none"}
    assert counts.total() >= 24
    assert min(counts.values()) >= 2
    assert set(SERVICE_REASONS.values()) < REASONS


def test_every_mood_and_act_has_six_phrasings_that_stand_nowhere_else(book):
    moods = book.words["moods"]
    assert all(set(levels) == {1, 2, 3, 4, 5} for levels in moods.values())
    assert min(len(set(p)) for levels in moods.values() for p in levels.values()) >= 6
    listed = [(p, level) for levels in moods.values() for level, ps in levels.items() for p in ps]
    listed += [(p, kind) for kind in ("sarcasm", "ambiguous", "threats") for p in book.words[kind]]
    listed += [(p, reason) for reason, ps in book.words["complaints"].items() for p in ps]
    meant: dict[str, object] = {}
    for phrase, meaning in listed:
        assert meant.setdefault(phrase, meaning) == meaning, phrase


def test_every_other_list_has_six_phrasings(book):
    words = book.words
    assert set(EFFECTS) - {"ask", "offer", "better"} <= set(words["agent"])
    for part in ("plain", "decision", "agent", "complaints"):
        assert min(len(set(phrases)) for phrases in words[part].values()) >= 6, part
    assert all(len(set(words[part])) >= 6 for part in ("hello", "sarcasm", "ambiguous", "threats"))


def test_every_scenario_has_variety_and_two_solutions(book):
    for scenario in book.scenarios:
        assert len(set(scenario.problem)) >= 3, scenario.name
        assert len(set(scenario.items)) >= 4, scenario.name
        assert len(scenario.solutions) == 2, scenario.name
        assert all(len(set(each.offer)) >= 2 for each in scenario.solutions), scenario.name
        assert scenario.amount[0] < scenario.amount[1]


def test_a_summary_states_only_what_is_told_or_offered_in_any_case(book):
    for scenario in book.scenarios:
        told = set.intersection(*map(_slots, scenario.problem))
        told |= set.intersection(*map(_slots, scenario.detail))
        assert _slots(scenario.summary) <= told, scenario.name
        for solution in scenario.solutions:
            offered = set.intersection(*map(_slots, solution.offer))
            assert _slots(solution.summary) <= offered, scenario.name
    plain = [text for scenario in book.scenarios for text in _summaries(scenario)]
    assert not [text for text in plain if re.search(r"\d", re.sub(r"\{\w+\}", "", text))]
    assert sum(bool(_slots(text)) for text in plain) / len(plain) > 0.9, "concrete facts"


def test_scenarios_share_no_wording(book):
    """Summaries and turns of two scenarios have few runs of words in common."""

    def runs(texts: list[str]) -> set[str]:
        plain = [re.sub(r"\{\w+\}", "_", text).lower() for text in texts]
        units = [re.findall(r"[a-z']+|[\u4e00-\u9fff_]", text) for text in plain]
        return {" ".join(each[at : at + 4]) for each in units for at in range(len(each) - 3)}

    for parts in (_wordings, _summaries):
        said = {scenario.name: parts(scenario) for scenario in book.scenarios}
        everything = [text for texts in said.values() for text in set(texts)]
        assert len(everything) == len(set(everything))
        for first, second in combinations(said, 2):
            a, b = runs(said[first]), runs(said[second])
            assert len(a & b) <= 0.12 * min(len(a), len(b)), (first, second, a & b)


def test_no_plain_question_sounds_like_a_reason(language, book):
    agent = book.words["agent"]
    said = [text for s in book.scenarios if s.reason == "none" for text in _wordings(s)]
    said += [text for s in book.scenarios if s.reason == "none" for text in _summaries(s)]
    said += [p for kind in ("bot", "greet", "warm_none", "lookup", "close") for p in agent[kind]]
    moods = book.words["moods"]
    for act in ("tell", "answer", "react", "end"):
        said += [phrase for phrases in moods[act].values() for phrase in phrases]
    told = [text for text in said if re.search(REASON_WORDS[language], text, re.IGNORECASE)]
    assert not told


def test_most_reasons_are_named_by_words_that_a_reader_knows(language, book):
    """The list of reason words above is not empty talk."""
    named = [p for phrases in book.words["complaints"].values() for p in phrases]
    known = [p for p in named if re.search(REASON_WORDS[language], p, re.IGNORECASE)]
    assert len(known) > 0.3 * len(named)


def test_facts_fill_every_slot_and_fit_together(language, book):
    draw = Draw(np.random.default_rng(6))
    for scenario in book.scenarios * 20:
        facts = draw_facts(book, scenario, date(2025, 12, 30), draw)
        for text in (*_wordings(scenario), *_summaries(scenario), *scenario.ask):
            assert "{" not in text.format_map(facts)
        amount, now = int(facts["amount"]), int(facts["now"])
        assert scenario.amount[0] <= amount <= scenario.amount[1]
        assert now - amount == int(facts["difference"]) > 0
        assert 2 <= int(facts["refund"]) <= max(2, 0.3 * amount)
        assert 1000 <= int(facts["code"]) <= 9999
    form = r"\d{1,2}月\d{1,2}日" if language == "zh" else r"[A-Z][a-z]+ \d{1,2}"
    assert all(re.fullmatch(form, facts[name]) for name in ("date", "due", "date_next"))
    ahead = "1月" if language == "zh" else "January"
    assert facts["date_next"].startswith(ahead), "days go on over the end of the year"
