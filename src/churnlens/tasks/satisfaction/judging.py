"""How good scores, alerts, reasons and explanations are on dialogues that taught nothing.

Floors stand beside every score: always the middle, the most frequent label, and TF-IDF with a
linear model as it comes, without calibration. Intervals are over dialogues.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from churnlens.dialogues.form import Dialogue
from churnlens.dialogues.phrases import PhraseFinder
from churnlens.evaluation import labels as of_labels
from churnlens.evaluation.classification import reliability
from churnlens.evaluation.faithfulness import faithfulness
from churnlens.evaluation.intervals import Estimate, bootstrap_groups
from churnlens.evaluation.ordinal import floors, ordinal_scores
from churnlens.evaluation.prediction_sets import set_scores
from churnlens.options import (
    AlertScoreOptions,
    AttributionOptions,
    SatisfactionReportingOptions,
    TurnOptions,
)
from churnlens.tasks.satisfaction.alert_scores import is_rated, judge, single_turn
from churnlens.tasks.satisfaction.alert_tuning import score, watched
from churnlens.tasks.satisfaction.attribution import attribute, explained
from churnlens.tasks.satisfaction.calibration import Rated
from churnlens.tasks.satisfaction.desk import Assessment, Desk
from churnlens.tasks.satisfaction.floor import Floor
from churnlens.tasks.satisfaction.phrases import Kind
from churnlens.tasks.satisfaction.tracing import explainer
from churnlens.tasks.satisfaction.turns import TurnRow, rated, truth_of, turn_rows, whole_rating

COMPARED: dict[str, Callable[[of_labels.Counts], float]] = {
    "macro_f1": of_labels.macro_f1,
    "qwk": of_labels.QWK,
    "uar": of_labels.uar,
}


@dataclass(frozen=True, eq=False)
class Judged:
    """Rated turns and what was said of them.

    Attributes:
        rows: rated turns of the test side.
        truth: the label of each, shape (n,).
        labels: all of them, rising.
        said: by the calibrated scorer.
    """

    rows: Sequence[TurnRow]
    truth: np.ndarray
    labels: tuple[int, ...]
    said: Rated

    @property
    def owners(self) -> list[str]:
        """The dialogue of each row."""
        return [row.dialogue for row in self.rows]


def judge_turns(
    dialogues: Sequence[Dialogue],
    desk: Desk,
    floor: Floor,
    learned: np.ndarray,
    options: SatisfactionReportingOptions,
) -> dict[str, Any]:
    """Judge the scores of the rated customer turns.

    Args:
        dialogues: of the test side.
        desk: with the scorer.
        floor: of TF-IDF.
        learned: the labels of the turns that were learnt from, for the constant floors.
        options: of the bootstrap.

    Returns:
        `turns` and `dialogues` (how many), `scores` (arm → metric → estimate), `against_floor`
        (metric → difference from TF-IDF), `confusion` (rows: truth), `reliability` of
        P(dissatisfied), and `sets`.
    """
    rows = rated(row for each in dialogues for row in turn_rows(each, desk.turns))
    found = Judged(
        rows=rows,
        truth=truth_of(rows, desk.turns),
        labels=desk.scorer.calibration.labels,
        said=desk.scorer.rate(rows),
    )
    plain = floor.probabilities(rows)
    arms = {"model": found.said.probability, "tfidf": plain}
    arms |= floors(learned, found.labels, len(rows))
    scores = {
        name: ordinal_scores(
            found.truth,
            probability,
            found.labels,
            found.owners,
            said=found.said.said if name == "model" else None,
            resamples=options.resamples,
            seed=options.seed,
        )
        for name, probability in arms.items()
    }
    return {
        "turns": len(rows),
        "dialogues": len(set(found.owners)),
        "labels": found.labels,
        "scores": scores,
        "against_floor": _against(found, plain, options),
        "confusion": _confusion(found),
        "reliability": _reliability(found),
        "sets": set_scores(
            found.truth, found.said.sets, found.labels, found.owners, options.resamples
        ),
    }


def _confusion(found: Judged) -> list[list[int]]:
    counts = of_labels.confusion(
        of_labels.places(found.truth, found.labels),
        of_labels.places(found.said.said, found.labels),
        len(found.labels),
    )
    return [[int(n) for n in row[:-1]] for row in counts]


def _reliability(found: Judged) -> list[dict[str, Any]]:
    middle = (found.labels[0] + found.labels[-1]) / 2
    rows = reliability(found.truth < middle, found.said.dissatisfied).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


def _against(
    found: Judged, plain: np.ndarray, options: SatisfactionReportingOptions
) -> dict[str, Estimate]:
    """Return how far the scorer is above plain TF-IDF, paired by dialogue."""
    k = len(found.labels)
    columns = [of_labels.places(found.truth, found.labels)]
    columns += [of_labels.places(found.said.said, found.labels), plain.argmax(axis=1)]
    owners = np.array(found.owners)

    def gap(name: str, truth: np.ndarray, one: np.ndarray, two: np.ndarray) -> float:
        of = COMPARED[name]
        return float(
            of(of_labels.confusion(truth, one, k)) - of(of_labels.confusion(truth, two, k))
        )

    return {
        name: bootstrap_groups(
            partial(gap, name), owners, *columns, resamples=options.resamples, seed=options.seed
        )
        for name in COMPARED
    }


def judge_wholes(
    dialogues: Sequence[Dialogue],
    assessments: Sequence[Assessment],
    desk: Desk,
    options: SatisfactionReportingOptions,
) -> dict[str, Any] | None:
    """Judge the overall scores, on the scale of the labels; None where no whole is rated.

    Returns:
        `dialogues`, and the mean absolute error of the `model`, of the `mean` of the turns and of
        `always` the middle of the scale.
    """
    pairs = [
        (rating, assessed)
        for dialogue, assessed in zip(dialogues, assessments, strict=True)
        if (rating := whole_rating(dialogue, desk.turns)) is not None
    ]
    if not pairs:
        return None
    truth = np.array([rating for rating, _ in pairs])
    arms = {
        "model": [a.overall for _, a in pairs],
        "mean": [float(np.mean([turn.score for turn in a.turns])) for _, a in pairs],
        "always": [desk.scorer.calibration.middle] * len(pairs),
    }
    owners = np.array([a.id for _, a in pairs])
    errors = {name: np.abs(np.array(said) - truth) for name, said in arms.items()}
    return {
        "dialogues": len(pairs),
        "mae": {
            name: bootstrap_groups(
                np.mean, owners, error, resamples=options.resamples, seed=options.seed
            )
            for name, error in errors.items()
        },
    }


def judge_alerts(
    dialogues: Sequence[Dialogue],
    assessments: Sequence[Assessment],
    desk: Desk,
    finder: PhraseFinder[Kind],
    options: AlertScoreOptions,
) -> dict[str, Any]:
    """Judge the alerts beside one turn above a threshold, and beside always alerting at once.

    Dialogues without a rated customer turn are left out.
    """
    cases = [
        watched(d, [turn.p_dissatisfied for turn in each.turns], finder, desk.monitor.outlook)
        for d, each in zip(dialogues, assessments, strict=True)
        if is_rated(d)
    ]
    events = [case.event for case in cases]
    alone = [single_turn([heard.p for heard in case.turns], options.single) for case in cases]
    return {
        "model": score(cases, desk.monitor, options),
        "single": judge(events, alone, options),
        "always": judge(events, [(0,)] * len(events), options),
    }


def judge_reasons(
    dialogues: Sequence[Dialogue], desk: Desk, options: SatisfactionReportingOptions
) -> of_labels.LabelScores | None:
    """Judge the likeliest reason of each labelled dialogue; None where none is labelled."""
    known = [each for each in dialogues if each.labels.get("reason") in desk.teller.labels]
    if not known:
        return None
    said = [[t.text for t in each.turns if t.speaker == "customer"] for each in known]
    chosen = desk.teller.probabilities(said).argmax(axis=1)
    return of_labels.label_scores(
        [each.labels["reason"] for each in known],
        [desk.teller.labels[at] for at in chosen],
        desk.teller.labels,
        [each.id for each in known],
        options.resamples,
        options.seed,
    )


def judge_traces(
    dialogues: Sequence[Dialogue], desk: Desk, options: SatisfactionReportingOptions
) -> dict[str, Any] | None:
    """Test whether the words that carry scores do: see `evaluation.faithfulness`.

    Taken are turns of the language with most dialogues, evenly from the whole list.
    """
    if desk.turns.kind != "estimate":
        return None
    languages = Counter(each.language for each in dialogues)
    language = languages.most_common(1)[0][0]
    tracer = explainer(desk, language, AttributionOptions())
    places = [
        (d, at)
        for d in dialogues
        if d.language == language
        for at, turn in enumerate(d.turns)
        if turn.speaker == "customer" and turn.text
    ]
    chosen = places[:: max(1, len(places) // options.traced)][: options.traced]
    passages = [tracer.read(d.turns, at) for d, at in chosen]
    found = attribute(passages, tracer.scorer, tracer.attribution)
    cases = [
        explained(passage, each, d.id)
        for passage, each, (d, _) in zip(passages, found, chosen, strict=True)
    ]
    if all(len(case.spans) <= min(options.faithfulness.counts) for case in cases):
        return None
    told = faithfulness(cases, tracer.scorer, options.faithfulness)
    return {**told.model_dump(mode="json"), "is_faithful": told.is_faithful, "language": language}


def learned_labels(dialogues: Sequence[Dialogue], turns: TurnOptions) -> np.ndarray:
    """Return the labels of all rated customer turns of some dialogues, shape (n,)."""
    return truth_of(rated(row for each in dialogues for row in turn_rows(each, turns)), turns)


def plain(value: Any) -> Any:
    """Return metrics as JSON-able data; None for what is no number."""
    if hasattr(value, "model_dump"):
        value = value.model_dump(mode="json")
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value
