"""The course of a dialogue: who does what, and how satisfied the customer is after it."""

from __future__ import annotations

from dataclasses import dataclass

from churnlens.simulation.dialogues.book import Book, Scenario
from churnlens.simulation.dialogues.mood import Mood
from churnlens.simulation.sampling import Draw

STYLES = {"helpful": 0.46, "ordinary": 0.26, "slow": 0.14, "cold": 0.14}
SERVICE_REASONS = {"slow": "slow_answer", "cold": "cold_attitude"}  # style → what it is blamed for
OPENINGS = {"plain": 0.6, "bot": 0.25, "hello": 0.15}
CHANCES = {
    "keeps_to_the_trouble": 0.3,  # and does not blame a slow or cold agent
    "tells_all_at_once": 0.35,
    "lookup": 0.3,
    "refusal": 0.3,  # by an ordinary agent, before the first offer
    "takeover": 0.4,  # of a slow or cold agent's dialogue by a better one
    "no_offer": 0.4,  # where nobody took over
    "walks_away": 0.08,  # after an offer, without a word
    "second_offer": 0.45,  # after a no
    "close": 0.75,
    "goodbye": 0.65,
}
WARM = {"helpful": 0.7, "ordinary": 0.2, "slow": 0.1, "cold": 0.0}  # share of warm acts


@dataclass(frozen=True)
class Case:
    """What a dialogue is about.

    Attributes:
        language: ``en`` or ``zh``.
        scenario: the situation.
        style: how the agent works, one of `STYLES`.
        reason: what the customer is dissatisfied with in the end, or ``none``.
    """

    language: str
    scenario: Scenario
    style: str
    reason: str


@dataclass(frozen=True)
class Step:
    """One turn before it is put into words.

    Attributes:
        speaker: ``customer`` or ``agent``.
        act: what the turn does.
        mood: the customer's satisfaction at this turn, 1.0 to 5.0.
        after: the agent's act before it, empty where there was none.
        warm: whether the agent shows sympathy.
    """

    speaker: str
    act: str
    mood: float
    after: str
    warm: bool = False


def draw_case(language: str, book: Book, draw: Draw) -> Case:
    """Draw the scenario, the agent's style and the reason that follows from them."""
    scenario = draw.pick(book.scenarios)
    style = draw.weighted(STYLES)
    reason = SERVICE_REASONS.get(style, scenario.reason)
    if scenario.reason != "none" and draw.chance(CHANCES["keeps_to_the_trouble"]):
        reason = scenario.reason
    return Case(language, scenario, style, reason)


class Course:
    """Draws the steps of one dialogue; `steps` has 4 to 20 of them."""

    def __init__(self, case: Case, draw: Draw) -> None:
        self._draw = draw
        self._trouble = case.scenario.reason != "none"
        self._style = case.style
        self._mood = Mood(self._trouble, draw)
        self._after = ""
        self.steps: list[Step] = []
        self._open()
        self._hold_up()
        if self._offers():
            self._settle()
        self._end()

    def _chance(self, name: str) -> bool:
        return self._draw.chance(CHANCES[name])

    def _poor(self) -> bool:
        return self._style in SERVICE_REASONS

    def _agent(self, act: str) -> None:
        kind = act in {"ask", "offer", "better", "takeover"}
        warm = kind and self._draw.chance(WARM[self._style])
        self._mood.hear(act, warm=warm, grudging=self._poor())
        self._after = act
        self.steps.append(Step("agent", act, self._mood.value, "", warm))

    def _customer(self, act: str) -> None:
        self.steps.append(Step("customer", act, self._mood.value, self._after))

    def _exchange(self, act: str, answer: str) -> None:
        self._agent(act)
        self._customer(answer)

    def _open(self) -> None:
        opening = self._draw.weighted(OPENINGS)
        if opening == "bot":
            self._agent("bot")
        if opening == "hello":
            self._customer("hello")
            self._agent("greet")
        if self._chance("tells_all_at_once"):
            self._customer("tell_all")
        else:
            self._customer("tell")
            self._exchange("ask", "detail")

    def _hold_up(self) -> None:
        """Let time pass before the first offer; a better agent may take over."""
        if self._poor():
            for _ in range(2 + self._draw.below(2)):
                self._exchange(self._style, "wait")
            if self._chance("takeover"):
                self._style = "helpful"
                self._exchange("takeover", "ack")
            return
        if self._chance("lookup"):
            self._exchange("lookup", "ack")
        if self._style == "ordinary" and self._trouble and self._chance("refusal"):
            self._exchange("refuse", "wait")

    def _offers(self) -> bool:
        return not (self._poor() and self._chance("no_offer"))

    def _settle(self) -> None:
        self._agent("offer")
        if len(self.steps) >= 4 and self._chance("walks_away"):
            return
        answer = self._mood.decide()
        self._customer(answer)
        if answer == "no" and not self._poor() and self._chance("second_offer"):
            self._agent("better")
            self._customer(self._mood.decide())

    def _end(self) -> None:
        left = self.steps[-1].speaker == "agent"
        if left or (len(self.steps) >= 4 and not self._chance("close")):
            return
        self._agent("close")
        if self._chance("goodbye"):
            self._customer("end")
