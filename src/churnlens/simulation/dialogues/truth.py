"""What is true about a whole dialogue: outcome, emotion, and the two reference sentences."""

from __future__ import annotations

from collections.abc import Sequence

from churnlens.simulation.dialogues.words import Speaker, Turn

Judged = tuple[str, list[int]]  # yes, no or unclear; indices of the turns that show it

_NEGATIVE = {"1", "2", "sarcasm", "threat"}


def accepted(turns: Sequence[Turn]) -> Judged:
    """Judge whether the customer took the offer, the last one of two; ``unclear`` without any."""
    answers = [at for at, turn in enumerate(turns) if turn.step.act in {"yes", "no", "unclear"}]
    return (turns[answers[-1]].step.act, answers[-1:]) if answers else ("unclear", [])


def negative_emotion(turns: Sequence[Turn]) -> Judged:
    """Judge what the words show: ``yes`` for a phrase of anger or disappointment.

    A complaint about the matter, or something ambiguous, is ``unclear`` when nothing else shows.
    """
    shown = [at for at, turn in enumerate(turns) if turn.said in _NEGATIVE]
    hints = [at for at, turn in enumerate(turns) if turn.complaint or turn.said == "ambiguous"]
    if shown:
        return "yes", shown
    return ("unclear", hints) if hints else ("no", [])


def user_problem(speaker: Speaker) -> str:
    """Return the reference sentence about the customer's problem or question."""
    scenario = speaker.case.scenario
    kind = "question" if scenario.reason == "none" else "trouble"
    return _sentence(speaker, kind, speaker.fill(scenario.summary))


def agent_solution(speaker: Speaker, turns: Sequence[Turn]) -> str:
    """Return the reference sentence about what the agent proposed, in the order of the offers."""
    acts = [turn.step.act for turn in turns if turn.step.act in {"offer", "better"}]
    if not acts:
        return speaker.draw.pick(speaker.words["no_offer"][speaker.case.style])
    proposed = [speaker.fill(speaker.solution(act).summary) for act in acts]
    return _sentence(speaker, "solution", str(speaker.words["then"]).join(proposed))


def _sentence(speaker: Speaker, kind: str, fact: str) -> str:
    frame: str = speaker.words["frames"][kind]
    text = frame.format(fact=fact)
    return text[0].upper() + text[1:]
