"""How good explanations are, on demo dialogues and, where the file is given, on JDDC.

Run: `python benchmarks/explanations.py [JDDC_FILE] [--dialogues N] [--seed S]`.
Prints JSON. Faithfulness: top words against random ones, of a TF-IDF scorer on dialogues that it
was not trained on (demo; JDDC where the file is given), with random weights as a control. Reasons
of demo dialogues: macro-F1 by held-out customers and by held-out scenarios, beside the majority
and the word list alone, with what abstains, and how often the first quote tells the trouble.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from churnlens.datasets.raw_table import read_text
from churnlens.dialogues.cleaning import clean_dialogue
from churnlens.dialogues.form import Dialogue, Turn
from churnlens.dialogues.reading import read_dialogues
from churnlens.dialogues.splits import split_dialogues
from churnlens.evaluation.faithfulness import Explained, Faithfulness, Scorer, faithfulness
from churnlens.evaluation.intervals import Estimate, bootstrap_groups
from churnlens.evaluation.labels import label_scores
from churnlens.options import AttributionOptions, FaithfulnessOptions, ReasonOptions
from churnlens.schema import Words
from churnlens.simulation.dialogues import simulate_dialogues
from churnlens.simulation.dialogues.book import dialogue_book
from churnlens.tasks.satisfaction.alert_scores import is_dissatisfied
from churnlens.tasks.satisfaction.attribution import attribute, explained
from churnlens.tasks.satisfaction.passages import join_turns
from churnlens.tasks.satisfaction.reason_words import ReasonBook, WordTeller, load_reasons
from churnlens.tasks.satisfaction.reasons import UNCLEAR, LearntTeller, fit_reasons, tell_reasons

BOOK = load_reasons(Path("conf/base/satisfaction/reasons.yml"))
WORDLESS = ReasonBook(
    reasons={k: r.model_copy(update={"words": Words()}) for k, r in BOOK.reasons.items()}
)
OPTIONS, TESTED = ReasonOptions(), FaithfulnessOptions()
CUSTOMER_FOLDS, SCENARIO_FOLDS = 5, 4


def demo_dialogues(count: int, seed: int) -> tuple[list[Dialogue], pd.DataFrame]:
    """Return clean demo dialogues, and the truth about them, one row each in the same order."""
    made = simulate_dialogues(count, seed)
    rows = made.dialogues.merge(made.dialogue_truth, on="id")
    rated = made.turn_truth.set_index(["id", "index"])
    rows["trouble"] = rows["id"].map(_trouble(made.turn_truth))
    turns = {key: list(_turns(group, rated)) for key, group in made.turns.groupby("id")}
    dialogues = [
        Dialogue(
            id=row.id,
            turns=tuple(turns[row.id]),
            source="demo",
            language=row.language,
            customer=row.customer_id,
        )
        for row in rows.itertuples()
    ]
    return [clean_dialogue(dialogue).dialogue for dialogue in dialogues], rows


def _turns(group: pd.DataFrame, rated: pd.DataFrame) -> Iterator[Turn]:
    for row in group.itertuples():
        mood = () if row.speaker == "agent" else (rated.loc[(row.id, row.index), "satisfaction"],)
        yield Turn(speaker=row.speaker, text=row.text, ratings=mood)


def _trouble(truth: pd.DataFrame) -> pd.Series:
    """Return for each dialogue which customer turns tell the trouble or name the reason."""
    tells = truth["act"].isin(["tell", "tell_all"]) | truth["complaint"].ne("")
    return tells.groupby(truth["id"]).agg(list)


def fit_scorer(dialogues: Sequence[Dialogue]) -> Scorer:
    """Return P(dissatisfied) by TF-IDF of characters and a balanced logistic regression."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    rated = [(d, t) for d in dialogues for t in d.turns if t.speaker == "customer" and t.ratings]
    model = make_pipeline(
        TfidfVectorizer(analyzer="char", ngram_range=(1, 3), min_df=2, sublinear_tf=True),
        LogisticRegression(C=3, max_iter=1000, class_weight="balanced"),
    )
    model.fit([t.text for _, t in rated], [is_dissatisfied(t.ratings, d.scale) for d, t in rated])
    return lambda texts: model.predict_proba(list(texts))[:, 1]


def judge_faithfulness(dialogues: Sequence[Dialogue]) -> dict[str, Any]:
    """Return top against random words on held-out dialogues, and random weights as a control."""
    sides = split_dialogues(dialogues, {"train": 0.7, "test": 0.3}, seed=7)
    scorer, rng = fit_scorer(sides["train"]), np.random.default_rng(7)
    passages, groups = [], []
    for dialogue in sides["test"]:
        for place, turn in enumerate(dialogue.turns):
            if turn.speaker == "customer" and turn.text.strip() and turn.ratings:
                passages.append(join_turns(dialogue.turns, place))
                groups.append(dialogue.id)
    found = attribute(passages, scorer, AttributionOptions())
    cases = [explained(*row) for row in zip(passages, found, groups, strict=True)]
    guessed = [Explained(c.text, c.spans, rng.normal(size=len(c.spans)), c.group) for c in cases]
    return {
        "dialogues": len(sides["test"]),
        "turns": len(cases),
        "leave_one_out": told(faithfulness(cases, scorer, TESTED)),
        "control_random_weights": told(faithfulness(guessed, scorer, TESTED)),
    }


def told(result: Faithfulness) -> dict[str, Any]:
    """Return a result with rounded figures."""
    falls = [
        {
            "words": fall.words,
            "texts": fall.texts,
            "top": round(fall.top, 4),
            "random": round(fall.random, 4),
            "difference": interval(fall.difference),
            "characters": [round(fall.top_characters, 2), round(fall.random_characters, 2)],
        }
        for fall in result.falls
    ]
    return {"area": interval(result.area), "faithful": result.is_faithful, "falls": falls}


def interval(estimate: Estimate) -> str:
    """Return a value with its interval."""
    return f"{estimate.value:.4f} [{estimate.low:.4f}, {estimate.high:.4f}], n = {estimate.n}"


def customer_folds(rows: pd.DataFrame) -> np.ndarray:
    """Return a fold for each dialogue; those of one customer share it."""
    names = sorted(set(rows["customer_id"]))
    order = dict(zip(np.random.default_rng(7).permutation(names), range(len(names)), strict=True))
    return rows["customer_id"].map(order).to_numpy() % CUSTOMER_FOLDS


def scenario_folds(rows: pd.DataFrame) -> np.ndarray:
    """Return a fold for each dialogue; a fold holds out scenarios of every kind of trouble."""
    folds: dict[str, int] = {}
    kinds: Counter[str] = Counter()
    for scenario in dialogue_book("en").scenarios:
        folds[scenario.name] = kinds[scenario.reason] % SCENARIO_FOLDS
        kinds[scenario.reason] += 1
    return rows["scenario"].map(folds).to_numpy()


def tellers(said: list[list[str]], labels: list[str]) -> dict[str, Any]:
    """Return what tells reasons, fitted on labelled dialogues where it learns."""
    return {
        "words_alone": WordTeller(BOOK),
        "tfidf": LearntTeller(fit_reasons(said, labels, WORDLESS, OPTIONS)),
        "tfidf_and_words": LearntTeller(fit_reasons(said, labels, BOOK, OPTIONS)),
    }


def judge_reasons(
    said: list[list[str]], rows: pd.DataFrame, folds: np.ndarray
) -> dict[str, dict[str, Any]]:
    """Return the scores of each teller over all folds, with the majority as the floor."""
    truth, best, sure = rows["reason"].tolist(), {}, {}
    for fold in np.unique(folds):
        train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        fitted = tellers([said[i] for i in train], [truth[i] for i in train])
        for name, teller in fitted.items():
            p = teller.probabilities([said[i] for i in test])
            place = p.argmax(axis=1)
            best.setdefault(name, np.empty(len(truth), object))[test] = np.array(teller.labels)[
                place
            ]
            sure.setdefault(name, np.zeros(len(truth)))[test] = p.max(axis=1)
    most = rows["reason"].mode()[0]
    result = {"majority": scored(truth, [most] * len(truth), np.ones(len(truth)), rows)}
    return result | {name: scored(truth, best[name].tolist(), sure[name], rows) for name in best}


def scored(
    truth: list[str], said: list[str], sure: np.ndarray, rows: pd.DataFrame
) -> dict[str, Any]:
    """Return macro-F1 with its interval over customers, by language, and with abstention."""
    answered = sure >= OPTIONS.threshold
    right = np.array(truth) == np.array(said)
    careful = [label if kept else UNCLEAR for label, kept in zip(said, answered, strict=True)]
    every = label_scores(truth, said, BOOK.labels, rows["customer_id"].tolist(), resamples=1000)
    parts = {}
    for language in ("en", "zh"):
        chosen = np.flatnonzero(rows["language"] == language)
        part = label_scores([truth[i] for i in chosen], [said[i] for i in chosen], BOOK.labels)
        parts[language] = round(part.scores["macro_f1"].value, 3)
    wary = label_scores(truth, careful, BOOK.labels, resamples=100)
    return {
        "macro_f1": interval(every.scores["macro_f1"]),
        "macro_f1_by_language": parts,
        "answered": round(float(answered.mean()), 3),
        "right_where_answered": round(float(right[answered].mean()), 3),
        "macro_f1_unclear_is_wrong": round(wary.scores["macro_f1"].value, 3),
    }


def judge_quotes(said: list[list[str]], rows: pd.DataFrame, folds: np.ndarray) -> dict[str, Any]:
    """Return how often the heaviest quote of the right reason tells the trouble, beside chance."""
    test, truth = folds == 0, rows["reason"].tolist()
    train = np.flatnonzero(~test)
    teller = tellers([said[i] for i in train], [truth[i] for i in train])["tfidf_and_words"]
    one, hits, chance, groups = ReasonOptions(quotes=1), [], [], []
    for i in np.flatnonzero(test):
        row = rows.iloc[i]
        found = tell_reasons(said[i], teller, BOOK, row["language"], one)
        for reason in found.reasons:
            if reason.reason == truth[i] and reason.quotes:
                hits.append(float(row["trouble"][reason.quotes[0].turn]))
                chance.append(float(np.mean(row["trouble"])))
                groups.append(row["customer_id"])
    gap = bootstrap_groups(np.mean, np.array(groups), np.array(hits) - np.array(chance))
    return {
        "quotes": len(hits),
        "tell_the_trouble": round(float(np.mean(hits)), 3),
        "turn_at_random": round(float(np.mean(chance)), 3),
        "difference": interval(gap),
    }


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("jddc", nargs="?", type=Path)
    parser.add_argument("--dialogues", type=int, default=900)
    parser.add_argument("--seed", type=int, default=11)
    given = parser.parse_args()
    dialogues, rows = demo_dialogues(given.dialogues, given.seed)
    said = [[t.text for t in d.turns if t.speaker == "customer"] for d in dialogues]
    folds = customer_folds(rows)
    report = {
        "dialogues": given.dialogues,
        "seed": given.seed,
        "reasons_by_customer": judge_reasons(said, rows, folds),
        "reasons_by_scenario": judge_reasons(said, rows, scenario_folds(rows)),
        "quotes": judge_quotes(said, rows, folds),
        "faithfulness": {"demo": judge_faithfulness(dialogues)},
    }
    if given.jddc:
        reading = read_dialogues(read_text(given.jddc), source="jddc")
        clean = [clean_dialogue(dialogue).dialogue for dialogue in reading.dialogues]
        report["faithfulness"]["jddc"] = judge_faithfulness(clean)
    print(json.dumps(report, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
