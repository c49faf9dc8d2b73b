"""Whether a phrase is meant as it stands: negation, wishes, rivals and fears around it.

Rules over clauses and no model: the same text always gets the same answer, and every rule can be
read in `cues`. Not covered: irony, quoted speech, and negation that reaches over a sentence's end.
"""

from __future__ import annotations

import re

from churnlens.evidence.cues import Cues


def negations(before: str, cues: Cues) -> int:
    """Return how many negations in `before` reach its end."""
    count = 0
    for match in cues.negation.finditer(before):
        gap = before[match.end() :]
        count += len(gap) <= cues.reach and not cues.barrier.search(gap)
    return count


def _blank(text: str, pattern: re.Pattern[str]) -> str:
    return pattern.sub(lambda match: "_" * len(match.group()), text)


def _topic_sign(before: str, after: str, cues: Cues) -> int:
    """Return the sign of the judgements close to a topic; 0 when there is none, or a tie."""
    total = 0
    for pattern, sign in ((cues.good, 1), (cues.poor, -1)):
        for match in pattern.finditer(before):
            if _adjoins(before[match.end() :], cues):
                total += sign * (-1) ** negations(before[: match.start()], cues)
        for match in pattern.finditer(after):
            if _adjoins(after[: match.start()], cues):
                total += sign * (-1) ** negations(f"{before} {after[: match.start()]}", cues)
    return (total > 0) - (total < 0)


def _adjoins(gap: str, cues: Cues) -> bool:
    return len(gap) <= cues.reach and not cues.apart.search(gap)


def _praise_sign(before: str, after: str, cues: Cues) -> int:
    if cues.rival.search(before) or cues.rival_after.search(after):
        return -1
    if trouble := cues.trouble.search(before):
        return -((-1) ** negations(before[: trouble.start()], cues))
    return (-1) ** (negations(before, cues) + bool(cues.denied.search(after)))


def _complaint_sign(before: str, after: str, cues: Cues) -> int:
    flips = negations(_blank(before, cues.helpless), cues) + bool(cues.undone.search(after))
    return -((-1) ** flips)


def judge(base: int, before: str, after: str, rest: str, cues: Cues) -> int:
    """Return what a phrase says where it stands.

    Args:
        base: what it says alone: 1 praise, −1 complaint, 0 only names the topic.
        before: its clause in front of it, lower case.
        after: its clause behind it, lower case.
        rest: its sentence behind it, and the next where that is a question, lower case.
        cues: of the text's language.

    Returns:
        1 praise, −1 complaint, 0 no judgement.
    """
    before, after = _blank(before, cues.idle), _blank(after, cues.idle)
    if base < 0 and cues.fear.search(before) and cues.relief.search(rest):
        return 1
    if cues.wish.search(before) or cues.wish_after.search(after):
        return -1
    if base == 0:
        return _topic_sign(before, after, cues)
    sign = (_praise_sign if base > 0 else _complaint_sign)(before, after, cues)
    return -sign if cues.answer.search(rest) else sign
