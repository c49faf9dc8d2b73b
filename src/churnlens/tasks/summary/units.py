"""A dialogue cut into clauses: what an extract is put together from."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from churnlens.dialogues.form import Dialogue, Speaker
from churnlens.privacy.untrusted import clean
from churnlens.schema import Language

MAX_UNITS: Final = 400  # of one side; of a longer dialogue the first and the last
_TAG: Final = re.compile(
    r"\[[a-z_]+(?:_\d+)?\]|\{\{[^{}]{1,40}\}\}|__\w{1,40}__|#E-s\S*|https?://\S+"
)
_END: Final = re.compile(
    r"(?<=[。！？；…～])|(?<=[!?;])\s+|(?<=[a-z\d)%]\.)\s+|\.{2,}\s*|\n+|(?<=，)"
    r"|(?<=[\w ],)\s+(?=\w)"
)
_TRIM: Final = " \t,，。.！!？?；;～~…:：-–—"
_TOKEN: Final = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+(?:'[a-z]+)?")
_SHORT: Final = 4  # an English clause of fewer words stays with its neighbour at a comma


@dataclass(frozen=True)
class Unit:
    """A clause.

    Attributes:
        turn: place of its turn in the dialogue, from 0.
        place: its number within the turn.
        side: its turn's number among the turns of the same side, from 0.
        sides: how many turns that side has.
        text: the clause, without tags and marks at its ends.
        asked: whether it ends as a question.
    """

    turn: int
    place: int
    side: int
    sides: int
    text: str
    asked: bool


def tokens(text: str) -> list[str]:
    """Return the words of a text in lower case, Chinese ones as characters."""
    return _TOKEN.findall(unicodedata.normalize("NFKC", text).casefold())


def clauses(text: str, least: int = 2) -> list[str]:
    """Return the clauses of a turn with as many words as `least` or more, tags left out."""
    found: list[str] = []
    for part in filter(None, _END.split(_TAG.sub(" ", clean(text)))):
        joins = found and found[-1].endswith(",")
        if joins and (len(tokens(part)) < _SHORT or len(tokens(found[-1])) < _SHORT):
            found[-1] = f"{found[-1]} {part}"
        else:
            found.append(part.strip())
    return [part for part in found if part and (not least or len(tokens(part)) >= least)]


def units_of(
    dialogue: Dialogue, speaker: Speaker, cut: Callable[[str], Sequence[str]] = clauses
) -> list[Unit]:
    """Return the clauses of one side in order; the middle of a very long dialogue is left out.

    Args:
        dialogue: whole.
        speaker: the side.
        cut: text of a turn → its clauses.
    """
    spoken = [(at, turn.text) for at, turn in enumerate(dialogue.turns) if turn.speaker == speaker]
    if len(spoken) > MAX_UNITS:
        spoken = [*spoken[: MAX_UNITS // 2], *spoken[-MAX_UNITS // 2 :]]
    found = [
        Unit(at, place, side, len(spoken), part.strip(_TRIM), part.rstrip()[-1:] in {"?", "？"})
        for side, (at, text) in enumerate(spoken)
        for place, part in enumerate(cut(text)[:40])
    ]
    kept = [unit for unit in found if unit.text]
    return kept if len(kept) <= MAX_UNITS else [*kept[: MAX_UNITS // 2], *kept[-MAX_UNITS // 2 :]]


def joined(units: Sequence[Unit], language: Language) -> str:
    """Return clauses as one line in the order of the dialogue; turns are divided as by commas."""
    ordered = sorted(set(units), key=lambda unit: (unit.turn, unit.place))
    lines = [
        [unit.text for unit in each] for _, each in groupby(ordered, key=lambda unit: unit.turn)
    ]
    comma = "，" if language == "zh" else ", "
    return comma.join(comma.join(line) for line in lines)


def overlap(text: Sequence[str], references: Iterable[Sequence[str]]) -> float:
    """Return the mean F1 of single tokens and pairs over the references, 0 to 1: quick ROUGE."""
    found = _grams(text)
    scores = [
        _f1(mine, theirs)
        for reference in references
        for mine, theirs in zip(found, _grams(reference), strict=True)
    ]
    return sum(scores) / len(scores) if scores else 0.0


def _grams(text: Sequence[str]) -> tuple[Counter[tuple[str, ...]], Counter[tuple[str, ...]]]:
    return Counter((each,) for each in text), Counter(zip(text, text[1:], strict=False))


def _f1(mine: Counter[tuple[str, ...]], theirs: Counter[tuple[str, ...]]) -> float:
    return 2 * (mine & theirs).total() / max(1, mine.total() + theirs.total())


def oracle(units: Sequence[Unit], references: Sequence[Sequence[str]], most: int) -> list[int]:
    """Return the places of the clauses that together are nearest to the references, greedily.

    Args:
        units: of one side.
        references: tokens of each reference.
        most: clauses, at most.
    """
    told, chosen, best = [tokens(unit.text) for unit in units], list[int](), 0.0
    while len(chosen) < most:
        scores = {
            at: overlap([t for i in sorted([*chosen, at]) for t in told[i]], references)
            for at in range(len(units))
            if at not in chosen
        }
        at = max(scores, key=scores.__getitem__, default=-1)
        if at < 0 or scores[at] <= best:
            break
        best = scores[at]
        chosen.append(at)
    return sorted(chosen)
