"""A dialogue's steps put into words: the mood reaches the text only through declared odds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from churnlens.simulation.dialogues.book import Book, Solution
from churnlens.simulation.dialogues.course import SERVICE_REASONS, Case, Step
from churnlens.simulation.dialogues.mood import level
from churnlens.simulation.noise import mistyped, transcribed
from churnlens.simulation.phrasebook import phrasebook
from churnlens.simulation.sampling import Draw

SAYS = {  # how a customer shows the mood in one turn
    "own": 0.56,  # a phrase of the level that is felt
    "near": 0.13,  # of a neighbouring level
    "odd": 0.06,  # sarcasm at 1 and 2, something ambiguous at 2 and 3; else nothing
    "nothing": 0.25,
}
SHARES = {
    "threat": 0.2,  # of turns at 1 and 2 in which the customer waits, declines or leaves
    "complaint": 0.55,  # of turns at 1 to 4 in which a reason may be named
    "usual_style": 0.7,
    "voice": 0.08,  # dialogues that are transcripts of calls
    "typo": 0.04,
    "emoji": 0.07,
}
_TABLE = {"tell": "tell", "tell_all": "tell", "detail": "answer", "ack": "answer", "wait": "wait"}
_TABLE |= {"yes": "react", "no": "react", "unclear": "react", "end": "end"}
_PLAIN = {"ack": "answer", "wait": "wait", "end": "end"}  # acts that may need words without mood


@dataclass(frozen=True)
class Turn:
    """One turn in words, and what is true about them.

    Attributes:
        step: what the turn does.
        text: the words.
        said: the level of the mood phrase, ``1`` to ``5``, or ``sarcasm``, ``ambiguous``,
            ``threat``; empty when none was said.
        complaint: the reason that is named in a phrase of its own, or empty.
        noise: ``typo``, ``voice``, or empty.
    """

    step: Step
    text: str
    said: str = ""
    complaint: str = ""
    noise: str = ""


def styled(sentences: Sequence[str], style: dict[str, Any], question: dict[str, str]) -> str:
    """Join sentences in a writer's style, with question marks where questions are.

    Args:
        sentences: without final stops.
        style: `join`, `end`, `capital` and `lower`, as in the phrase files.
        question: `mark` and the `pattern` of a question.
    """
    ended = []
    for each in sentences:
        asks = re.search(question["pattern"], each) is not None
        stop = question["mark"] if asks and style["end"] else style["end"]
        first = each[0].upper() if style["capital"] else each[0]
        ended.append(first + each[1:] + (stop if each[-1].isalnum() else ""))
    text: str = style["join"].join(ended)
    return text.lower() if style["lower"] else text


class Speaker:
    """Writes the turns of one dialogue."""

    def __init__(self, case: Case, book: Book, facts: dict[str, str], draw: Draw) -> None:
        self.case, self.facts, self.draw = case, facts, draw
        self.words, self._styles = book.words, phrasebook(case.language)["styles"]
        usual = draw.chance(SHARES["usual_style"])
        self._style = self._styles[0] if usual else draw.pick(self._styles)
        self.voice = draw.chance(SHARES["voice"])
        first, second = case.scenario.solutions
        self.solutions = [first, second] if draw.chance(0.5) else [second, first]
        self._used: set[str] = set()
        self._owed = case.reason in SERVICE_REASONS.values()  # is named once at least

    def _pick(self, phrases: Sequence[str]) -> str:
        """Return a phrase that this dialogue has not had yet, if there is one."""
        fresh = [phrase for phrase in phrases if phrase not in self._used] or phrases
        phrase = self.draw.pick(fresh)
        self._used.add(phrase)
        return phrase

    def fill(self, template: str) -> str:
        """Return a template with the dialogue's facts in it."""
        return template.format_map(self.facts)

    def _fact(self, templates: Sequence[str]) -> str:
        return self.fill(self.draw.pick(templates))

    def solution(self, act: str) -> Solution:
        """Return what is proposed by the act ``offer`` or ``better``."""
        return self.solutions[act == "better"]

    def turn(self, step: Step) -> Turn:
        """Put one step into words; call it in the order of the steps."""
        return self._agent(step) if step.speaker == "agent" else self._customer(step)

    def _agent(self, step: Step) -> Turn:
        scenario, words = self.case.scenario, self.words["agent"]
        said = []
        if step.warm:
            said.append(self._pick(words["warm_none" if self.case.reason == "none" else "warm"]))
        if step.act == "ask":
            said.append(self._fact(scenario.ask))
        elif step.act in {"offer", "better"}:
            said.append(self._fact(self.solution(step.act).offer))
        else:
            said.insert(0, self._pick(words[step.act]))
        return Turn(step, styled(said, self._styles[0], self.words["question"]))

    def _content(self, step: Step) -> list[str]:
        """Return what the act itself says, without any mood."""
        scenario, act = self.case.scenario, step.act
        if act in {"tell", "tell_all"}:
            detail = [self._fact(scenario.detail)] if act == "tell_all" else []
            return [self._fact(scenario.problem), *detail]
        if act == "detail":
            return [self._fact(scenario.detail)]
        if act == "hello":
            return [self.draw.pick(self.words["hello"])]
        return [self._pick(self.words["decision"][act])] if act in self.words["decision"] else []

    def _complaint(self, step: Step) -> str:
        """Return which reason the turn names, if any: the agent's fault only after it was seen."""
        reason, waits = self.case.reason, step.act == "wait"
        tells = step.act in {"tell", "tell_all"} and reason == self.case.scenario.reason
        if reason == "none" or not (waits or tells):
            return ""
        if waits and self._owed:
            self._owed = False
            return reason
        calm = level(step.mood) > 4
        return "" if calm or not self.draw.chance(SHARES["complaint"]) else reason

    def _mood(self, step: Step) -> tuple[str, str]:
        """Return a phrase that shows the mood, and what it is; both empty for none."""
        if step.act not in _TABLE:
            return "", ""
        felt, words = level(step.mood), self.words
        if felt <= 2 and step.act in {"wait", "no", "end"} and self.draw.chance(SHARES["threat"]):
            return self._pick(words["threats"]), "threat"
        way = self.draw.weighted(SAYS)
        if way == "odd" and felt <= 3:
            kind = "sarcasm" if felt == 1 or (felt == 2 and self.draw.chance(0.5)) else "ambiguous"
            return self._pick(words[kind]), kind
        if way in {"odd", "nothing"}:
            return "", ""
        if way == "near":
            felt = min(5, max(1, felt + self.draw.pick((-1, 1))))
        return self._pick(words["moods"][_TABLE[step.act]][felt]), str(felt)

    def _customer(self, step: Step) -> Turn:
        said, complaint = self._content(step), self._complaint(step)
        if complaint:
            said.append(self._pick(self.words["complaints"][complaint]))
        phrase, kind = self._mood(step)
        if step.act in _PLAIN and not complaint and (not phrase or self.draw.chance(0.3)):
            said.append(self._pick(self.words["plain"][_PLAIN[step.act]]))
        said += [phrase] if phrase else []
        text, noise = self._noisy(said, step)
        return Turn(step, text, kind, complaint, noise)

    def _noisy(self, said: list[str], step: Step) -> tuple[str, str]:
        """Return the text as it arrives, and what has spoiled it."""
        if self.voice:
            return transcribed(said, self.words["asr"], self.draw), "voice"
        plain = styled(said, self._style, self.words["question"])
        typos = phrasebook(self.case.language)["typos"]
        text = mistyped(plain, typos, self.draw) if self.draw.chance(SHARES["typo"]) else plain
        noise = "typo" if text != plain else ""
        if self.draw.chance(SHARES["emoji"]):
            mood = ("low", "low", "middle", "high", "high")[level(step.mood) - 1]
            text += self.draw.pick(self.words["emoji"][mood])
        return text, noise
