"""Open what finetuning made: the desk at which dialogues are assessed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict

from churnlens.dialogues.phrases import PhraseFinder
from churnlens.models.lock import spec_of
from churnlens.models.weights import verify
from churnlens.options import AlertOptions, SatisfactionFinetuningOptions
from churnlens.schema import Frozen
from churnlens.tasks.satisfaction.alerts import Monitor
from churnlens.tasks.satisfaction.calibration import CalibratedScorer, Calibration
from churnlens.tasks.satisfaction.desk import Desk
from churnlens.tasks.satisfaction.fitting import Fitted, load_scorer
from churnlens.tasks.satisfaction.floor import Floor
from churnlens.tasks.satisfaction.outlook import Outlook
from churnlens.tasks.satisfaction.overall import OverallModel
from churnlens.tasks.satisfaction.phrases import AlertPhrases
from churnlens.tasks.satisfaction.reason_words import ReasonBook, ReasonTeller, WordTeller
from churnlens.tasks.satisfaction.reasons import LearntTeller, ReasonModel


class ScorerParts(Frozen):
    """What is kept of a fitted scorer beside the tuned model; see `fitting.Fitted`."""

    floor: Floor
    calibration: Calibration
    weight: float

    @classmethod
    def of(cls, fitted: Fitted) -> ScorerParts:
        """Return the parts of a fitted scorer."""
        return cls(floor=fitted.floor, calibration=fitted.calibration, weight=fitted.weight)


class DeskRules(Frozen):
    """What is learnt about whole dialogues.

    Attributes:
        overall: the line from turns to the whole.
        alerts: the tuned settings.
        outlook: of a dialogue, None where too few went wrong.
    """

    overall: OverallModel
    alerts: AlertOptions
    outlook: Outlook | None = None


class StoredScorer(TypedDict):
    """What a scorer is made of, as the catalog holds it.

    Attributes:
        scorer: folder of the tuned model; None leaves the floor alone.
        scorer_parts: a `ScorerParts`.
        model_lock, model_root: which models there are, and where.
    """

    scorer: Path | None
    scorer_parts: Mapping[str, Any]
    model_lock: dict[str, Any]
    model_root: str


class StoredDesk(StoredScorer):
    """What a desk is made of.

    Attributes:
        desk_rules: a `DeskRules`.
        reason_model: a `ReasonModel`, empty where no dialogue had a reason.
        reason_book: the company's reasons.
        alert_phrases: that make a dialogue red.
    """

    desk_rules: Mapping[str, Any]
    reason_model: Mapping[str, Any]
    reason_book: Mapping[str, Any]
    alert_phrases: Mapping[str, Any]


def open_scorer(stored: StoredScorer, encoder: str) -> CalibratedScorer:
    """Return the calibrated scorer; ModelError when its base is absent or damaged.

    Args:
        stored: from the catalog.
        encoder: name of the base model in the lock.
    """
    parts = ScorerParts.model_validate(stored["scorer_parts"])
    folder = stored["scorer"]
    fitted = Fitted(parts.floor, parts.calibration, folder, parts.weight)
    if folder is None:
        return load_scorer(fitted, None)
    base = verify(spec_of(stored["model_lock"], encoder), Path(stored["model_root"]))
    return load_scorer(fitted, base)


def open_teller(model: Mapping[str, Any], book: ReasonBook) -> ReasonTeller:
    """Return what tells reasons: the fitted model, or the words of the book where there is none."""
    return LearntTeller(ReasonModel.model_validate(model)) if model else WordTeller(book)


def open_desk(stored: StoredDesk, options: SatisfactionFinetuningOptions) -> Desk:
    """Return the desk with its models loaded."""
    rules = DeskRules.model_validate(stored["desk_rules"])
    finder = PhraseFinder(AlertPhrases.model_validate(stored["alert_phrases"]))
    book = ReasonBook.model_validate(stored["reason_book"])
    return Desk(
        scorer=open_scorer(stored, options.encoder),
        turns=options.scorer.turns,
        monitor=Monitor(rules.alerts, finder, rules.outlook),
        overall=rules.overall,
        teller=open_teller(stored["reason_model"], book),
        book=book,
        reasons=options.reasons,
    )
