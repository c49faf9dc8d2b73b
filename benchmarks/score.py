"""Scoring dialogues in batches, against the same models one dialogue a call.

`python benchmarks/score.py [--full]`: 100 demo dialogues, with --full 2,000. Satisfaction is the
whole assessment of the desk (tuned encoder beside TF-IDF, alerts, reasons with quotes), summary
the extractive writer, both by what `kedro predict` calls. The models are fitted on other demo
dialogues, the encoder for a few steps only: that changes what it says, not how long it takes.
Unit: seconds for all dialogues, models loaded. Both ways must say the same, numbers up to TOLERANCE
(outputs are rounded to four digits, and float32 rounds otherwise in another batch).
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from beside import arguments, case, report, side_by_side

from churnlens.dialogues.cleaning import clean_dialogue
from churnlens.dialogues.form import Dialogue
from churnlens.dialogues.reading import read_row
from churnlens.options import AlertOptions, FloorOptions, HeadOptions, ReasonOptions, ScorerOptions
from churnlens.simulation.dialogues import plain_rows, simulate_dialogues
from churnlens.tasks.dialogue_rows import dialogues_in, read_dialogue
from churnlens.tasks.satisfaction.alerts import Monitor
from churnlens.tasks.satisfaction.desk import Desk
from churnlens.tasks.satisfaction.fitting import fit_scorer, load_scorer
from churnlens.tasks.satisfaction.overall import OverallModel
from churnlens.tasks.satisfaction.phrases import PhraseFinder, load_phrases
from churnlens.tasks.satisfaction.reason_words import load_reasons
from churnlens.tasks.satisfaction.reasons import LearntTeller, fit_reasons
from churnlens.tasks.satisfaction.turns import turn_rows
from churnlens.tasks.summary.extractive import Extractive
from churnlens.tasks.summary.predict import Writers, summaries_of
from churnlens.tasks.summary.stages import LANGUAGES, fit_summaries
from churnlens.tasks.summary.writers import ExtractiveWriter

BOOKS = Path("conf/base/satisfaction")
ENCODER = Path("data/06_models/pretrained/multilingual-e5-small")
FITTED_ON, TUNED_ON, BAR, TOLERANCE = 80, 20, 4, 5e-4
HEAD = HeadOptions(kind="ordinal", epochs=1, evaluations=1, head_rate=10, max_length=48)
Score = Callable[[Sequence[Dialogue]], list[dict[str, Any]]]


def demo(count: int, seed: int) -> list[Dialogue]:
    """Return demo dialogues as `kedro predict` reads them: redacted, without ratings."""
    return dialogues_in(
        [read_dialogue(row) for row in plain_rows(simulate_dialogues(count, seed=seed))]
    )


def rated_demo(count: int, seed: int) -> list[Dialogue]:
    """Return demo dialogues as a training reads them: redacted, with ratings and references."""
    rows = plain_rows(simulate_dialogues(count, seed=seed))
    read = [each for each in map(read_row, rows) if isinstance(each, Dialogue)]
    return [clean_dialogue(each).dialogue for each in read]


def make_desk(dialogues: Sequence[Dialogue], checkpoints: Path) -> Desk:
    """Return a desk fitted on the dialogues; the encoder learns from the first of them."""
    options = ScorerOptions(floor=FloorOptions(words=2), head=HEAD)
    sides = dialogues[:TUNED_ON], dialogues[TUNED_ON:]
    rows = [[row for each in side for row in turn_rows(each, options.turns)] for side in sides]
    fitted = fit_scorer(*rows, options, model=ENCODER, checkpoints=checkpoints)
    book = load_reasons(BOOKS / "reasons.yml")
    said = [[turn.text for turn in each.turns if turn.speaker == "customer"] for each in dialogues]
    labels = [each.labels.get("reason", book.none) for each in dialogues]
    return Desk(
        scorer=load_scorer(fitted, ENCODER),
        turns=options.turns,
        monitor=Monitor(AlertOptions(), PhraseFinder(load_phrases(BOOKS / "alert_phrases.yml"))),
        overall=OverallModel(),
        teller=LearntTeller(fit_reasons(said, labels, book, ReasonOptions())),
        book=book,
    )


def make_writers(dialogues: Sequence[Dialogue]) -> Writers:
    """Return the extractive writer of each language, fitted on the dialogues."""
    parts = fit_summaries(dialogues, "scenario")["parts"]
    writer = ExtractiveWriter({language: Extractive.read(raw) for language, raw in parts.items()})
    return dict.fromkeys(LANGUAGES, writer)


def difference(ours: Any, other: Any) -> float:
    """Return the greatest difference of two numbers in the same place; ValueError at any other."""
    if isinstance(ours, float) and isinstance(other, float):
        return abs(ours - other)
    if isinstance(ours, dict) and isinstance(other, dict) and ours.keys() == other.keys():
        return max((difference(each, other[name]) for name, each in ours.items()), default=0.0)
    if isinstance(ours, list) and isinstance(other, list) and len(ours) == len(other):
        return max((difference(*pair) for pair in zip(ours, other, strict=True)), default=0.0)
    if ours != other:
        raise ValueError(f"the two ways differ: {ours!r:.200}, {other!r:.200}")
    return 0.0


def compare(task: str, score: Score, dialogues: Sequence[Dialogue], repeat: int) -> dict[str, Any]:
    """Return the case of one task; ValueError when the two ways do not say the same."""
    found: dict[str, list[dict[str, Any]]] = {}
    ways = {
        "in batches": lambda: found.update(ours=score(dialogues)),
        "one by one": lambda: found.update(
            other=[row for each in dialogues for row in score([each])]
        ),
    }
    times = side_by_side(ways, repeat)
    if (gap := difference(found["ours"], found["other"])) > TOLERANCE:
        raise ValueError(f"{task}: numbers differ by {gap:g}, expected at most {TOLERANCE:g}")
    rates = {name: len(dialogues) / time["median"] for name, time in times.items()}
    turns = sum(len(each.turns) for each in dialogues)
    told = {"dialogues_a_second": rates, "turns": turns, "greatest_difference": gap}
    return case(f"{task}, {len(dialogues):,} dialogues", times, BAR, **told)


def main() -> None:
    """Compare both tasks."""
    given = arguments(__doc__)
    logging.getLogger("churnlens").setLevel(logging.WARNING)
    fitted_on, scored = rated_demo(FITTED_ON, seed=3), demo(2_000 if given.full else 100, seed=4)
    with tempfile.TemporaryDirectory() as folder:
        desk, writers = make_desk(fitted_on, Path(folder)), make_writers(fitted_on)
    ways: dict[str, Score] = {
        "satisfaction": lambda said: [each.output() for each in desk.assess(said)],
        "summary": lambda said: summaries_of(said, writers),
    }
    repeat = min(given.repeat, 3)
    cases = [compare(task, score, scored, repeat) for task, score in ways.items()]
    report("score", "the same model, one dialogue a call", cases)


if __name__ == "__main__":
    main()
