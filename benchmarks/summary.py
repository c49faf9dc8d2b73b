"""How good summaries are: `python benchmarks/summary.py [--tweetsumm DIR] [--dialogues N]`.

Measurements, one JSON line each when it is done. (a) Demo dialogues, Chinese and English: folds
over scenarios, so that every dialogue is summarised by a writer that never saw its scenario, and
by a writer of all of them the closed fields of dialogues of other trades, which somebody wrote who
saw neither phrases nor program (`conf/base/bench/summary_closed.jsonl`, never tuned on). (b)
With `--tweetsumm`, the folder of the TweetSumm files `train.jsonl` and `valid.jsonl`: the
extractive writer learns from train and is judged once on valid, beside lead and constant.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from churnlens.dialogues.cleaning import clean_dialogue
from churnlens.dialogues.form import Dialogue, Turn
from churnlens.dialogues.phrases import PhraseBook, joined
from churnlens.dialogues.reading import read_dialogues
from churnlens.evaluation.summary_fields import lead
from churnlens.evaluation.text_overlap import rouge
from churnlens.options import SummaryScoreOptions
from churnlens.schema import Language
from churnlens.simulation.dialogues import simulate_dialogues
from churnlens.tasks.summary.contract import CLOSED
from churnlens.tasks.summary.extractive import fit_extractive
from churnlens.tasks.summary.references import references_of
from churnlens.tasks.summary.scores import Batch, best_constant_answer, score_drafts
from churnlens.tasks.summary.writers import ConstantWriter, Draft, ExtractiveWriter, LeadWriter

BOOKS = [Path("conf/base/satisfaction/alert_phrases.yml"), Path("conf/base/summary/phrases.yml")]
OTHERS = Path("conf/base/bench/summary_closed.jsonl")
LABELS = ("user_problem", "agent_solution", "accepted", "negative_emotion")
TRUTH = (*LABELS, "accepted_evidence", "negative_emotion_evidence")


def read_phrases() -> PhraseBook[str]:
    """Return the phrases that a run knows, of the folder in which this is started."""
    return joined(
        *(PhraseBook[str].model_validate(yaml.safe_load(p.read_text("utf-8"))) for p in BOOKS)
    )


def demo_dialogues(count: int, seed: int) -> list[Dialogue]:
    """Return simulated dialogues, cleaned, with their truth as labels."""
    demo = simulate_dialogues(count, seed)
    truth = demo.dialogue_truth.set_index("id")
    said = {key: rows for key, rows in demo.turns.groupby("id")}
    made = []
    for row in demo.dialogues.itertuples():
        turns = tuple(Turn(speaker=t.speaker, text=t.text) for t in said[row.id].itertuples())
        labels = {name: str(truth.loc[row.id, name]) for name in TRUTH}
        dialogue = Dialogue(
            id=row.id,
            turns=turns,
            source="demo",
            language=row.language,
            labels={"scenario": row.scenario, **labels},
        )
        made.append(clean_dialogue(dialogue).dialogue)
    return made


def folds_of(dialogues: Sequence[Dialogue], folds: int) -> dict[str, int]:
    """Return id → fold; a scenario is in one fold, and folds have scenarios of one number."""
    names = {each.labels["scenario"] for each in dialogues}
    ordered = sorted(names, key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    return {each.id: ordered.index(each.labels["scenario"]) % folds for each in dialogues}


def demo_figures(
    dialogues: Sequence[Dialogue], language: Language, folds: int, options: SummaryScoreOptions
) -> dict[str, Any]:
    """Return the figures of each writer over all folds together."""
    own = [each for each in dialogues if each.language == language]
    fold_of, phrases = folds_of(own, folds), read_phrases()
    drafts: dict[str, dict[str, Draft]] = {"extractive": {}, "lead": {}, "constant": {}}
    for fold in range(folds):
        held = [each for each in own if fold_of[each.id] == fold]
        rest = [each for each in own if fold_of[each.id] != fold]
        pairs = [(each, references_of(each)) for each in rest]
        constant = best_constant_answer([refs for _, refs in pairs], language)
        writers = {
            "extractive": ExtractiveWriter(
                {language: fit_extractive(pairs, language, "scenario", phrases)}
            ),
            "lead": LeadWriter(),
            "constant": ConstantWriter({language: constant}),
        }
        for name, writer in writers.items():
            drafts[name] |= zip((d.id for d in held), writer.write(held), strict=True)
    batch = Batch(own, [references_of(each) for each in own], language)
    listed = {name: [by_id[each.id] for each in own] for name, by_id in drafts.items()}
    return {
        name: score_drafts(each, listed["constant"], batch, options)
        for name, each in listed.items()
        if name != "constant"
    }


def other_figures(dialogues: Sequence[Dialogue], language: Language) -> dict[str, Any]:
    """Return of each closed field how many of the other dialogues are told right, and as what."""
    own = [(each, references_of(each)) for each in dialogues if each.language == language]
    part = fit_extractive(own, language, "scenario", read_phrases())
    others = read_dialogues(OTHERS.read_text("utf-8"), "plain").dialogues
    held = [each for each in others if each.language == language]
    values = [value for value, _ in part.summarise_all(held)]
    figures: dict[str, Any] = {"n": len(held)}
    for field in CLOSED:
        pairs = [(d.labels[field], value[field]) for d, value in zip(held, values, strict=True)]
        told = Counter(f"{true} as {said}" for true, said in pairs)
        figures[field] = {
            "right": sum(true == said for true, said in pairs),
            **dict(told.most_common()),
        }
    return figures


def read_tweets(folder: Path, side: str) -> list[Dialogue]:
    """Return one side of TweetSumm, cleaned, those with references."""
    reading = read_dialogues((folder / f"{side}.jsonl").read_text("utf-8"), "tweetsumm")
    cleaned = [clean_dialogue(each).dialogue for each in reading.dialogues]
    return [each for each in cleaned if references_of(each)]


def tweet_figures(folder: Path, options: SummaryScoreOptions) -> dict[str, Any]:
    """Return the figures of the extractive writer and both floors on the valid side."""
    train, valid = read_tweets(folder, "train"), read_tweets(folder, "valid")
    pairs = [(each, references_of(each)) for each in train]
    writer = ExtractiveWriter({"en": fit_extractive(pairs, "en", phrases=read_phrases())})
    constant = ConstantWriter({"en": best_constant_answer([refs for _, refs in pairs], "en")})
    batch = Batch(valid, [references_of(each) for each in valid], "en")
    scores = score_drafts(writer.write(valid), constant.write(valid), batch, options)
    leads = [lead([turn.text for turn in each.turns]) for each in valid]
    first = rouge(leads, [each.references for each in valid], "en")
    return {"extractive": scores, "lead": {name: each.corpus for name, each in first.items()}}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tweetsumm", type=Path)
    parser.add_argument("--dialogues", type=int, default=1500)
    parser.add_argument("--languages", nargs="*", default=["zh", "en"], choices=["zh", "en"])
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--resamples", type=int, default=1000)
    given = parser.parse_args()
    options = SummaryScoreOptions(resamples=given.resamples)
    dialogues = demo_dialogues(given.dialogues, given.seed) if given.languages else []
    for language in given.languages:
        figures = demo_figures(dialogues, language, given.folds, options)
        tell({f"demo {language}": figures})
        tell({f"other trades {language}": other_figures(dialogues, language)})
    if given.tweetsumm:
        tell({"tweetsumm valid": tweet_figures(given.tweetsumm, options)})


def tell(figures: dict[str, Any]) -> None:
    """Print one measurement at once."""
    print(json.dumps(figures, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
