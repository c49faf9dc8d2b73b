"""The scorer of a desk as explanations see it: a text in, P(dissatisfied) out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from churnlens.dialogues.form import Turn
from churnlens.options import AttributionOptions, TurnOptions
from churnlens.schema import Language
from churnlens.tasks.satisfaction.calibration import CalibratedScorer
from churnlens.tasks.satisfaction.desk import Desk
from churnlens.tasks.satisfaction.explanation import Explainer
from churnlens.tasks.satisfaction.passages import Passage, join_turns
from churnlens.tasks.satisfaction.turns import NAMES, TurnRow


def reader(options: TurnOptions, language: Language) -> Callable[[Sequence[Turn], int], Passage]:
    """Return what makes the scorer's text of a turn, with the place of every word.

    Raises:
        ValueError: for a scorer that does not read the turn itself.
    """
    if options.kind != "estimate":
        raise ValueError("turns.kind predict: the turn is not read, so its words carry nothing")
    names = NAMES[language] if options.context else {}
    return lambda turns, last: join_turns(turns, last, options.context, names)


def chances(
    scorer: CalibratedScorer, options: TurnOptions, language: Language
) -> Callable[[Sequence[str]], np.ndarray]:
    """Return the scorer as texts → P(dissatisfied), shape (n,); texts are those of `reader`."""
    name = NAMES[language]["customer"] if options.context else ""

    def ask(texts: Sequence[str]) -> np.ndarray:
        rows = [_row(text, name) for text in texts]
        return scorer.rate(rows).dissatisfied if rows else np.zeros(0)

    return ask


def explainer(desk: Desk, language: Language, options: AttributionOptions) -> Explainer:
    """Return what explains the scores of a desk in dialogues of a language."""
    return Explainer(
        scorer=chances(desk.scorer, desk.turns, language),
        read=reader(desk.turns, language),
        teller=desk.teller,
        book=desk.book,
        attribution=options,
        reasons=desk.reasons,
    )


def _row(text: str, name: str) -> TurnRow:
    newest = text.rsplit(f"\n{name}", 1)[-1].removeprefix(name) if name else text
    return TurnRow(id="", dialogue="", index=0, position=0, newest=newest, text=text)
