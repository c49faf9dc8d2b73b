"""What a conversation is about, turn by turn, and which turns give what a case needs.

What a customer has given belongs to the subject that it was given for. It counts for a later case
only where that is about the same, or where the customer refers back ("the same order", "it").
"""

from __future__ import annotations

from collections.abc import Sequence

from churnlens.tasks.service.rules import Rules

Subject = str | None
"""An intent; empty for a turn that has none of its own, such as small talk; None for one whose
values are nobody's, such as a question after others' data."""


def sources(
    texts: Sequence[str], subjects: Sequence[Subject], subject: str, rules: Rules
) -> list[str]:
    """Return the turns whose values count for a case, the newest first.

    Args:
        texts: of all turns; the last one opens the case, and always counts.
        subjects: of the turns before it.
        subject: of the case.
        rules: how customers refer back, or say that they mean another one.
    """
    text, earlier = texts[-1], list(zip(texts[:-1], subjects, strict=True))[::-1]
    if rules.refers(text):
        return [text, *(each for each, of in earlier if of is not None)]
    if rules.differs(text):
        return [text]
    about = {subject}
    if rules.points(text):
        about |= set([of for _, of in earlier if of][:1])
    found, left = [text], False
    for each, of in earlier:
        left = left or bool(of and of not in about)
        if of in about or (of == "" and not left):
            found.append(each)
    return found
