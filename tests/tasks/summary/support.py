"""Dialogues with known summaries, and a writer that says what it is told."""

from functools import cache

from churnlens.dialogues.form import Dialogue, Turn
from churnlens.models.generation import Completion
from churnlens.simulation.dialogues import simulate_dialogues
from churnlens.tasks.summary.contract import Summary
from churnlens.tasks.summary.prompting import SummaryPrompt

TRUTH = (
    "user_problem",
    "agent_solution",
    "accepted",
    "negative_emotion",
    "accepted_evidence",
    "negative_emotion_evidence",
)
PROMPT = SummaryPrompt(
    system={"en": "Summarise.", "zh": "概括。"}, ask={"en": "This one.", "zh": "这段。"}
)
SUMMARY = Summary(
    user_problem="The parcel is 3 days late.",
    agent_solution="The agent offered $5.",
    accepted="yes",
    negative_emotion="no",
)


def dialogue(*said, language="en", key="d1", labels=None, references=()):
    """Turns as ("customer", "words"), or words alone by turns, the customer first."""
    turns = [
        each if isinstance(each, tuple) else (("customer", "agent")[at % 2], each)
        for at, each in enumerate(said)
    ]
    return Dialogue(
        id=key,
        turns=tuple(Turn(speaker=speaker, text=text) for speaker, text in turns),
        source="test",
        language=language,
        labels=labels or {},
        references=references,
    )


@cache
def demo(count=100, seed=3):
    """Simulated dialogues with their truth as labels; do not change them."""
    made = simulate_dialogues(count, seed)
    truth = made.dialogue_truth.set_index("id")
    said = dict(list(made.turns.groupby("id")))
    return [
        dialogue(
            *((turn.speaker, turn.text) for turn in said[row.id].itertuples()),
            language=row.language,
            key=row.id,
            labels={"scenario": row.scenario, **{n: str(truth.loc[row.id, n]) for n in TRUTH}},
        )
        for row in made.dialogues.itertuples()
    ]


class Says:
    """A generator that answers every request with the same text."""

    def __init__(self, text):
        self.text, self.asked = text, []

    def generate(self, requests):
        self.asked += requests
        return [Completion(key=r.key, text=self.text, finished=True, tokens=1) for r in requests]
