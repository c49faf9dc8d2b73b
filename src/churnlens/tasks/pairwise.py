"""A model's judgement of two answers, asked in both orders, whatever the task.

Judges prefer what stands first (Zheng et al. 2023, arXiv 2306.05685). A pair is won only by an
answer that is preferred in both orders; a judge that changes sides makes a tie, and is counted.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from churnlens.evaluation.intervals import bootstrap_groups
from churnlens.models.generation import Completion, Message, Request
from churnlens.models.grammar import compile_grammar, one_of, record
from churnlens.privacy.untrusted import fence
from churnlens.schema import Frozen

CHOICES = ("A", "B", "tie")
POINTS = {"first": 1.0, "tie": 0.5, "swayed": 0.5, "second": 0.0}


class Pair(Frozen):
    """Two answers to one question.

    Attributes:
        id: of the question.
        evidence: question and evidence, as both writers read them.
        first, second: the answers, raw.
    """

    id: str
    evidence: str
    first: str
    second: str


def judge_pairs(
    pairs: Sequence[Pair], generator: Any, system: str, max_new_tokens: int
) -> list[str]:
    """Ask which answer of each pair is better, once in either order.

    Args:
        pairs: to be judged.
        generator: anything with `generate(requests)`, or with `try_generate`.
        system: what makes an answer better, and the form of the reply.
        max_new_tokens: of a reply.

    Returns:
        Of each pair `first`, `second`, `tie`, `swayed` (another side in the other order), or
        `unread` where either reply is missing or cannot be read.
    """
    requests = [
        _request(pair, swapped, system, max_new_tokens)
        for pair in pairs
        for swapped in (False, True)
    ]
    write = getattr(generator, "try_generate", generator.generate)
    said = [_choice(each) for each in write(requests)]
    return [_ruling(one, other) for one, other in zip(said[::2], said[1::2], strict=True)]


def _request(pair: Pair, swapped: bool, system: str, max_new_tokens: int) -> Request:
    texts = (pair.second, pair.first) if swapped else (pair.first, pair.second)
    fenced = fence(dict(zip("AB", texts, strict=True))).block
    return Request(
        key=f"{pair.id} {'BA' if swapped else 'AB'}",
        messages=(
            Message(role="system", content=system),
            Message(role="user", content=f"{pair.evidence}\n{fenced}"),
        ),
        grammar=compile_grammar(record({"better": one_of(CHOICES)})),
        max_new_tokens=max_new_tokens,
    )


def _choice(reply: Any) -> str | None:
    if not isinstance(reply, Completion):
        return None
    try:
        found = json.loads(reply.text)
    except (ValueError, RecursionError):
        return None
    better = found.get("better") if isinstance(found, dict) else None
    return better if better in CHOICES else None


def _ruling(straight: str | None, swapped: str | None) -> str:
    if straight is None or swapped is None:
        return "unread"
    if straight == "tie" and swapped == "tie":
        return "tie"
    return {("A", "B"): "first", ("B", "A"): "second"}.get((straight, swapped), "swayed")


def count_rulings(rulings: Sequence[str], families: Sequence[str]) -> dict[str, Any]:
    """Return how often each ruling was given, and the share of points that the first answers won.

    Args:
        rulings: by `judge_pairs`.
        families: of each question; the interval of the share is over them.

    Returns:
        `counts`; `share` as an estimate (a tie is half a point), None where no reply was read.
    """
    read = [place for place, each in enumerate(rulings) if each in POINTS]
    points = np.array([POINTS[rulings[place]] for place in read])
    owners = np.array([families[place] for place in read])
    share = bootstrap_groups(np.mean, owners, points).model_dump(mode="json") if read else None
    counts = Counter(rulings)
    return {"counts": {name: counts[name] for name in (*POINTS, "unread")}, "share": share}
