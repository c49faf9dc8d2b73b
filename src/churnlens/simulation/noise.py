"""How words get spoiled on their way: typing errors, and the transcript of a voice."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from churnlens.simulation.sampling import Draw

HESITATES = 0.5  # share of spoken sentences with a filler
_LONG_WORD = re.compile(r"[a-z]{5,}")
_PAUSE = re.compile(r"(?<!\d)[.,!?…:;'\"。，！？～：；]+|[.,!?…:;'\"。，！？～：；]+(?!\d)")


def mistyped(text: str, words: Mapping[str, str], draw: Draw) -> str:
    """Return the text with one typing error, or unchanged where none fits.

    Args:
        text: what was meant.
        words: word → its usual misspelling; when empty, two neighbouring letters are swapped.
        draw: source of randomness.
    """
    if words:
        found = [word for word in words if word in text]
        wrong = draw.pick(found) if found else ""
        return text.replace(wrong, words[wrong], 1) if wrong else text
    spans = list(_LONG_WORD.finditer(text))
    if not spans:
        return text
    span = draw.pick(spans)
    at = span.start() + 1 + draw.below(len(span.group()) - 2)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def transcribed(sentences: Sequence[str], fillers: Sequence[str], draw: Draw) -> str:
    """Return what a recogniser of speech writes: no case, no punctuation, fillers.

    Numbers keep their points and commas.

    Args:
        sentences: what was said.
        fillers: sounds of hesitation.
        draw: source of randomness.
    """
    heard = []
    for sentence in sentences:
        filler = [draw.pick(fillers)] if draw.chance(HESITATES) else []
        heard += [*filler, _PAUSE.sub(" ", sentence)]
    return " ".join(" ".join(heard).split()).lower()
