"""Demo service dialogues whose satisfaction, reason, outcome and summary are known.

A dialogue has a scenario, an agent's style, and a customer whose satisfaction walks up and down
with what the agent does (`mood`, `course`). The walk reaches the words only
through the declared odds of `words`, so no reader of the words can be perfect.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from churnlens.simulation.attributes import customer_ids
from churnlens.simulation.dialogues.book import dialogue_book, draw_facts
from churnlens.simulation.dialogues.course import Course, draw_case
from churnlens.simulation.dialogues.extras import INJECTION_EVERY, Planter
from churnlens.simulation.dialogues.mood import level, rate, whole
from churnlens.simulation.dialogues.truth import (
    accepted,
    agent_solution,
    negative_emotion,
    user_problem,
)
from churnlens.simulation.dialogues.words import Speaker, Turn
from churnlens.simulation.personal import customer_names
from churnlens.simulation.phrasebook import LANGUAGES
from churnlens.simulation.sampling import Draw, streams

MOST_DIALOGUES = 100_000
CUSTOMERS_PER_DIALOGUE = 0.7  # so that some customers have several
FIRST_DAY = datetime(2025, 1, 2)

Row = dict[str, object]
Person = tuple[str, str, str]  # key, language, name


@dataclass(frozen=True)
class DialogueDemo:
    """Simulated dialogues and what is true about them; four tables joined by `id`.

    Attributes:
        dialogues: one row a dialogue: `id`, `customer_id`, `language` (``en``, ``zh``),
            `scenario`, `channel` (``chat``, ``voice``), `started` (``2025-03-04T09:15``).
        turns: one row a turn: `id`, `index` (0, 1, …), `speaker` (``customer``, ``agent``),
            `text`.
        turn_truth: one row a customer turn: `id`, `index`, `act`, `after` (the agent's act
            before it), `mood` (1.0 to 5.0), `satisfaction` (1 to 5), `rating_1` … `rating_3`
            (1 to 5), `said` (level of the mood phrase, ``sarcasm``, ``ambiguous``, ``threat`` or
            empty), `complaint` (the reason that is named, or empty), `noise`.
        dialogue_truth: one row a dialogue: `id`, `reason`, `style` of the agent, `mood`,
            `satisfaction` and `rating_1` … `rating_3` of the whole, `accepted` and
            `negative_emotion` (``yes``, ``no``, ``unclear``) with `accepted_evidence` and
            `negative_emotion_evidence` (turn indices joined by ``;``), `user_problem`,
            `agent_solution`, and the fields of `Extras`.
    """

    dialogues: pd.DataFrame
    turns: pd.DataFrame
    turn_truth: pd.DataFrame
    dialogue_truth: pd.DataFrame


def _people(count: int, keys: Sequence[str], rng: np.random.Generator) -> list[Person]:
    """Return the customers who talk, each with one language and a name."""
    size = max(1, int(count * CUSTOMERS_PER_DIALOGUE))
    if keys:
        known = list(dict.fromkeys(keys))
        chosen = [known[row] for row in rng.permutation(len(known))[:size].tolist()]
    else:
        chosen = customer_ids(size, rng).tolist()
    draws = rng.random((2, len(chosen)))
    languages = np.array(LANGUAGES)[(draws[0] * len(LANGUAGES)).astype(int)]
    names = customer_names(languages, draws[1] < 0.5, rng).tolist()
    return list(zip(chosen, languages.tolist(), names, strict=True))


def _ratings(mood: float, draw: Draw) -> Row:
    given = rate(mood, draw)
    rated = {f"rating_{rater}": value for rater, value in enumerate(given, start=1)}
    return {"mood": round(mood, 4), "satisfaction": level(mood), **rated}


def _turn_truth(key: str, turns: Sequence[Turn], draw: Draw) -> Iterator[Row]:
    for index, turn in enumerate(turns):
        step = turn.step
        if step.speaker == "customer":
            yield {
                "id": key,
                "index": index,
                "act": step.act,
                "after": step.after,
                **_ratings(step.mood, draw),
                "said": turn.said,
                "complaint": turn.complaint,
                "noise": turn.noise,
            }


def _dialogue_truth(key: str, speaker: Speaker, turns: Sequence[Turn], draw: Draw) -> Row:
    took, took_at = accepted(turns)
    angry, angry_at = negative_emotion(turns)
    moods = [turn.step.mood for turn in turns if turn.step.speaker == "customer"]
    return {
        "id": key,
        "reason": speaker.case.reason,
        "style": speaker.case.style,
        **_ratings(whole(moods), draw),
        "accepted": took,
        "accepted_evidence": ";".join(map(str, took_at)),
        "negative_emotion": angry,
        "negative_emotion_evidence": ";".join(map(str, angry_at)),
        "user_problem": user_problem(speaker),
        "agent_solution": agent_solution(speaker, turns),
    }


def _started(draw: Draw) -> datetime:
    return FIRST_DAY + timedelta(days=draw.below(360), hours=8, minutes=draw.below(14 * 60))


class _Simulator:
    """Collects the rows of the four tables, dialogue by dialogue."""

    def __init__(self, seed: int) -> None:
        parts = streams(seed, "who", "course", "words", "extras", "ratings")
        self._draw = {name: Draw(rng) for name, rng in parts.items()}
        self.dialogues: list[Row] = []
        self.turns: list[Row] = []
        self.turn_truth: list[Row] = []
        self.dialogue_truth: list[Row] = []

    def add(self, number: int, people: Sequence[Person]) -> None:
        """Simulate the dialogue of that number, with one of the people."""
        draw, key = self._draw, f"D{number:06d}"
        customer, language, name = draw["who"].pick(people)
        started = _started(draw["who"])
        book = dialogue_book(language)
        case = draw_case(language, book, draw["course"])
        facts = draw_facts(book, case.scenario, started.date(), draw["words"])
        speaker = Speaker(case, book, facts, draw["words"])
        planter = Planter(
            [speaker.turn(step) for step in Course(case, draw["course"]).steps],
            language,
            draw["extras"],
        )
        extras = planter.plant(
            name, book.words["placeholders"], injected=number % INJECTION_EVERY == 0
        )
        self.dialogues.append(
            {
                "id": key,
                "customer_id": customer,
                "language": language,
                "scenario": case.scenario.name,
                "channel": "voice" if speaker.voice else "chat",
                "started": started.isoformat(timespec="minutes"),
            }
        )
        self.turns += (
            {"id": key, "index": index, "speaker": turn.step.speaker, "text": turn.text}
            for index, turn in enumerate(planter.turns)
        )
        self.turn_truth += _turn_truth(key, planter.turns, draw["ratings"])
        truth = _dialogue_truth(key, speaker, planter.turns, draw["ratings"])
        self.dialogue_truth.append({**truth, **asdict(extras)})


def simulate_dialogues(
    count: int = 600, seed: int = 7, customers: Sequence[str] = ()
) -> DialogueDemo:
    """Simulate service dialogues, Chinese and English, with their planted truth.

    Args:
        count: number of dialogues, 1 to 100,000.
        seed: the same arguments give the same bytes.
        customers: keys of the customers who may talk; without any, keys are invented.

    Raises:
        ValueError: when `count` is out of range.
    """
    if not 1 <= count <= MOST_DIALOGUES:
        raise ValueError(f"count: got {count}, expected 1 to {MOST_DIALOGUES:,}")
    people = _people(count, customers, streams(seed, "dialogues", "people")["people"])
    simulator = _Simulator(seed)
    for number in range(count):
        simulator.add(number, people)
    return DialogueDemo(
        dialogues=pd.DataFrame(simulator.dialogues),
        turns=pd.DataFrame(simulator.turns),
        turn_truth=pd.DataFrame(simulator.turn_truth),
        dialogue_truth=pd.DataFrame(simulator.dialogue_truth),
    )
