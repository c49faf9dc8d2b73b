"""Scoring dialogues in batches, against the usual way: one dialogue a call.

`python benchmarks/score.py [--full]`: 100 demo dialogues, with --full 2,000. Satisfaction is the
whole assessment of the desk (tuned encoder beside TF-IDF, alerts, reasons with quotes), summary
the extractive writer, both by what `kedro predict` calls. The models are fitted on other demo
dialogues, the encoder for a few steps only: that changes what it says, not how long it takes.

The usual way calls the same public function with the same fitted models, one dialogue a call; its
encoder is as transformers loads it, float32 in plain layers of torch. `own_one_by_one_cpu` is our
own encoder and code, one dialogue a call too: what batches alone save. Unit: seconds for all
dialogues, models loaded. All ways must say the same, numbers up to TOLERANCE (outputs are rounded
to four digits, and float32 rounds otherwise in another batch).

With --full also 64 English summaries by the embedded language model in its grammar, in one batch,
against `generate` of transformers one by one without a grammar, with as many new tokens.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml
from beside import arguments, case, report, side_by_side
from exercises import MODEL, against_one_by_one

from churnlens.dialogues.cleaning import clean_dialogue
from churnlens.dialogues.form import Dialogue
from churnlens.dialogues.phrases import PhraseFinder
from churnlens.dialogues.reading import read_row
from churnlens.models.generation import Generator
from churnlens.options import AlertOptions, FloorOptions, HeadOptions, ReasonOptions, ScorerOptions
from churnlens.simulation.dialogues import plain_rows, simulate_dialogues
from churnlens.tasks.dialogue_rows import dialogues_in, read_dialogue
from churnlens.tasks.satisfaction.alerts import Monitor
from churnlens.tasks.satisfaction.desk import Desk
from churnlens.tasks.satisfaction.fitting import fit_scorer, load_scorer
from churnlens.tasks.satisfaction.overall import OverallModel
from churnlens.tasks.satisfaction.phrases import load_phrases
from churnlens.tasks.satisfaction.reason_words import load_reasons
from churnlens.tasks.satisfaction.reasons import LearntTeller, fit_reasons
from churnlens.tasks.satisfaction.turns import turn_rows
from churnlens.tasks.summary.extractive import Extractive
from churnlens.tasks.summary.predict import Writers, summaries_of
from churnlens.tasks.summary.prompting import PromptBook
from churnlens.tasks.summary.stages import LANGUAGES, fit_summaries
from churnlens.tasks.summary.writers import ExtractiveWriter, ModelWriter

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


def make_desks(dialogues: Sequence[Dialogue], checkpoints: Path) -> tuple[Desk, Desk]:
    """Return a desk fitted on the dialogues, and the same one with the encoder in plain layers.

    The encoder learns from the first of the dialogues.
    """
    options = ScorerOptions(floor=FloorOptions(words=2), head=HEAD)
    sides = dialogues[:TUNED_ON], dialogues[TUNED_ON:]
    rows = [[row for each in side for row in turn_rows(each, options.turns)] for side in sides]
    fitted = fit_scorer(*rows, options, model=ENCODER, checkpoints=checkpoints)
    book = load_reasons(BOOKS / "reasons.yml")
    said = [[turn.text for turn in each.turns if turn.speaker == "customer"] for each in dialogues]
    labels = [each.labels.get("reason", book.none) for each in dialogues]
    ours = Desk(
        scorer=load_scorer(fitted, ENCODER),
        turns=options.turns,
        monitor=Monitor(AlertOptions(), PhraseFinder(load_phrases(BOOKS / "alert_phrases.yml"))),
        overall=OverallModel(),
        teller=LearntTeller(fit_reasons(said, labels, book, ReasonOptions())),
        book=book,
    )
    with patch("churnlens.models.heads.scorer.pack_linear", lambda model: model):
        return ours, replace(ours, scorer=load_scorer(fitted, ENCODER))


def make_writers(dialogues: Sequence[Dialogue]) -> Writers:
    """Return the extractive writer of each language, fitted on the dialogues."""
    parts = fit_summaries(dialogues, "scenario")["parts"]
    writer = ExtractiveWriter({language: Extractive.read(raw) for language, raw in parts.items()})
    return dict.fromkeys(LANGUAGES, writer)


def assess(desk: Desk, dialogues: Sequence[Dialogue]) -> list[dict[str, Any]]:
    """Return what `kedro predict satisfaction` says of the dialogues."""
    return [each.output() for each in desk.assess(dialogues)]


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


def compare(
    task: str, ours: Score, usual: Score, dialogues: Sequence[Dialogue], repeat: int
) -> dict[str, Any]:
    """Return the case of one task; ValueError when the ways do not say the same."""
    found: dict[str, list[dict[str, Any]]] = {}

    def one_by_one(score: Score, name: str) -> None:
        found[name] = [row for each in dialogues for row in score([each])]

    ways = {
        "in batches": lambda: found.update(ours=ours(dialogues)),
        "one by one": lambda: one_by_one(usual, "usual"),
    }
    times = side_by_side(ways, repeat)
    alone = side_by_side({"own": lambda: one_by_one(ours, "own")}, repeat)["own"]["cpu"]
    gap = max(difference(found["ours"], found[name]) for name in ("usual", "own"))
    if gap > TOLERANCE:
        raise ValueError(f"{task}: numbers differ by {gap:g}, expected at most {TOLERANCE:g}")
    rates = {name: len(dialogues) / time["median"] for name, time in times.items()}
    turns = sum(len(each.turns) for each in dialogues)
    told = {"turns": turns, "greatest_difference": gap, "own_one_by_one_cpu": alone}
    name = f"{task}, {len(dialogues):,} dialogues"
    return case(name, times, BAR, dialogues_a_second=rates, **told)


def compare_models(dialogues: Sequence[Dialogue]) -> dict[str, Any]:
    """Return the case of summaries that a language model writes."""
    prompts = yaml.safe_load(Path("prompts/summary.yml").read_text(encoding="utf-8"))
    prompt = PromptBook.model_validate(prompts).baseline
    ours = Generator(MODEL, dtype="bfloat16", batch_size=len(dialogues))
    writer = ModelWriter(MODEL.name, ours, prompt, ("en",))
    times, written = against_one_by_one(ours, [writer.request(each) for each in dialogues])
    told = {"new_tokens": sum(each.tokens for each in written)}
    return case(f"summary by a language model, {len(dialogues)} dialogues", times, BAR, **told)


def main() -> None:
    """Compare both tasks."""
    given = arguments(__doc__)
    logging.getLogger("churnlens").setLevel(logging.WARNING)
    fitted_on, scored = rated_demo(FITTED_ON, seed=3), demo(2_000 if given.full else 100, seed=4)
    with tempfile.TemporaryDirectory() as folder:
        desks, writers = make_desks(fitted_on, Path(folder)), make_writers(fitted_on)
    ours, usual = (partial(assess, desk) for desk in desks)
    write, repeat = partial(summaries_of, writers=writers), min(given.repeat, 3)
    cases = [
        compare("satisfaction", ours, usual, scored, repeat),
        compare("summary", write, write, scored, repeat),
    ]
    if given.full:
        english = [each for each in scored if each.language == "en"]
        cases.append(compare_models(english[:64]))
    report("score", "the same model, one dialogue a call", cases)


if __name__ == "__main__":
    main()
