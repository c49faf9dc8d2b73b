"""What the extractive writer learned for one language: two text fields and two closed ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from churnlens.dialogues.form import Dialogue
from churnlens.dialogues.phrases import PhraseBook
from churnlens.schema import Frozen, Language
from churnlens.tasks.summary.closed import SILENT, ClosedField, Judged, Verdict, fit_closed
from churnlens.tasks.summary.contract import CLOSED, TEXTS, FieldName, Reference
from churnlens.tasks.summary.reader import Reader
from churnlens.tasks.summary.selection import Selector, Side, Told, fit_selector
from churnlens.tasks.summary.units import units_of

SIDES: dict[FieldName, Side] = {"user_problem": "customer", "agent_solution": "agent"}
Pair = tuple[Dialogue, Sequence[Reference]]
Values = tuple[dict[FieldName, str], dict[FieldName, tuple[int, ...]]]


class Extractive(Frozen):
    """Selectors and judges of one language.

    Attributes:
        texts: field → its selector.
        closed: field → its judge; without one the field is what silence means.
        phrases: that the judges know beside what they learned.
    """

    texts: dict[FieldName, Selector]
    closed: dict[FieldName, ClosedField]
    phrases: PhraseBook[str] = PhraseBook[str](kinds={})

    def summarise(self, dialogue: Dialogue) -> Values:
        """Return field → value, and field → places of the turns that show it."""
        return self.summarise_all([dialogue])[0]

    def summarise_all(self, dialogues: Sequence[Dialogue]) -> list[Values]:
        """Return for each dialogue what `summarise` does of one; what repeats is read once."""
        reader = Reader(self.phrases)
        values: list[dict[FieldName, str]] = [{} for _ in dialogues]
        evidence: list[dict[FieldName, tuple[int, ...]]] = [{} for _ in dialogues]
        for field in TEXTS:
            for at, picked in enumerate(self.texts[field].pick_all(dialogues, reader)):
                values[at][field], evidence[at][field] = picked.text, picked.turns
        for field in CLOSED:
            judge = self.closed.get(field)
            silent = [Verdict(value=SILENT[field])] * len(dialogues)
            verdicts = judge.judge_all(dialogues, reader) if judge else silent
            for at, verdict in enumerate(verdicts):
                values[at][field], evidence[at][field] = verdict.value, verdict.turns
        shown = [{field: turns for field, turns in each.items() if turns} for each in evidence]
        return list(zip(values, shown, strict=True))

    @classmethod
    def read(cls, raw: Any) -> Self:
        """Read what `model_dump` gave, as the catalog keeps it."""
        return cls.model_validate(raw)


def can_teach(pairs: Sequence[Pair]) -> bool:
    """Return whether for each text some pair has a reference of it, and words of its side."""
    return all(
        any(
            any(getattr(ref, field) for ref in refs) and units_of(dialogue, SIDES[field])
            for dialogue, refs in pairs
        )
        for field in TEXTS
    )


def fit_extractive(
    pairs: Sequence[Pair],
    language: Language,
    family: str = "",
    phrases: PhraseBook[str] | None = None,
) -> Extractive:
    """Learn from the training side.

    Args:
        pairs: dialogues with their references.
        language: the pairs of it are used.
        family: label whose values stay together when settings are chosen, such as `scenario`.
        phrases: of anger, and about an offer, that are known beside what is learned.

    Raises:
        ValueError: when no dialogue of the language has reference sentences.
    """
    own = [(each, refs) for each, refs in pairs if each.language == language and refs]
    groups = [each.labels.get(family) or each.id for each, _ in own]
    texts = {
        field: fit_selector(
            [
                Told(each, tuple(getattr(ref, field) for ref in refs), group)
                for (each, refs), group in zip(own, groups, strict=True)
            ],
            SIDES[field],
            language,
        )
        for field in TEXTS
    }
    closed = {}
    for field in CLOSED:
        judged = [
            Judged(each, value, refs[0].evidence.get(field, ()), group)
            for (each, refs), group in zip(own, groups, strict=True)
            if (value := getattr(refs[0], field))
        ]
        if judged:
            closed[field] = fit_closed(judged, field, phrases)
    return Extractive(texts=texts, closed=closed, phrases=phrases or PhraseBook[str](kinds={}))
