"""Dialogues as numbers, and the rules of early warning once more, over whole lists."""

import random

from churnlens.dialogues.phrases import PhraseBook, PhraseFinder
from churnlens.schema import Words
from churnlens.tasks.satisfaction.alerts import CustomerTurn, Monitor
from churnlens.tasks.satisfaction.turns import TurnRow

FINDER = PhraseFinder(PhraseBook(kinds={"legal": Words(en=("sue you",))}))
SUE = "I will sue you"


def turns(scores, said=()):
    """Customer turns at the even places of a dialogue; `said` are those with a phrase."""
    return [
        CustomerTurn(index=2 * n, p=p, text=SUE if n in said else "hm")
        for n, p in enumerate(scores)
    ]


def alerts(options, scores, said=()):
    """What is raised, as (number of the turn, level)."""
    steps = Monitor(options, FINDER).watch("d", turns(scores, said))
    return [(step.alert.position, step.alert.level) for step in steps if step.alert]


def levels(options, scores, said=()):
    steps = Monitor(options, FINDER).watch("d", turns(scores, said))
    return [step.state.level for step in steps]


def fired(options, scores, said, t):
    """The level that the rules give turn `t`, from the whole list: 0, 1 or 2."""
    n = t + 1
    if n < options.min_turns:
        return 0
    spoken = said & set(range(n)) if n == options.min_turns else said & {t}
    if scores[t] > options.red or spoken:
        return 2
    bad = sum(s > options.amber for s in scores[max(0, n - options.window) : n])
    rise = sum(scores[max(0, n - 2) : n]) - sum(scores[: min(2, n)])
    return int((scores[t] > options.amber and bad >= options.needed) or rise > 2 * options.rise)


def naive(options, scores, said=()):
    """Levels after each turn, and alerts as (turn, level), by looking back over everything."""
    names, said = ["calm", "amber", "red"], set(said)
    raw = [fired(options, scores, said, t) for t in range(len(scores))]
    k, held, told = options.calm_turns, [], []
    for t in range(len(raw)):
        calm_ends = [u for u in range(k - 1, t + 1) if not any(raw[u - k + 1 : u + 1])]
        start = calm_ends[-1] + 1 if calm_ends else 0  # of the episode
        held.append(names[max(raw[start : t + 1], default=0)])
        known = max((level for at, level in told if at >= start), default=0)
        waits = told and t - told[-1][0] < options.cool_down
        if raw[t] > known and (not waits or (raw[t], told[-1][1]) == (2, 1)):
            told.append((t, raw[t]))
    return held, [(t, names[level]) for t, level in told]


MOODS = {
    1: "useless rude",
    2: "slow again",
    3: "my order number",
    4: "that helps",
    5: "great thanks",
}


def planted_rows(count, seed=0):
    """Rated rows whose words tell most of the rating."""
    rng = random.Random(seed)
    rows = []
    for number in range(count):
        rating = rng.randint(1, 5)
        told = rating if rng.random() < 0.9 else rng.randint(1, 5)
        text = f"{MOODS[told]} {rng.choice('abcdefgh')}{rng.choice('xyz')}"
        rows.append(
            TurnRow(
                id=f"d{number // 4}#{number}",
                dialogue=f"d{number // 4}",
                index=number,
                position=number % 4,
                newest=text,
                text=f"Customer: {text}",
                ratings=(rating,),
            )
        )
    return rows
