"""How well satisfaction is told on rated dialogues, by dialogue and out of fold.

`python benchmarks/satisfaction.py FILE OUT [--model DIR] [--fold N] [--head JSON] …`

FILE is any file of dialogues that `churnlens.dialogues` reads. Each fold's dialogues are rated by a
scorer that has not seen them: the plain floor (TF-IDF of characters, balanced linear classes, the
most probable label), the calibrated floor, and with --model the tuned model beside it. Training
and calibration happen inside the fold's other dialogues, and so do the thresholds of alerts, which
are tuned on dialogues that the scorer has not seen. OUT keeps what each fold said, so that a
stopped run goes on.
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import GroupKFold

from churnlens.datasets.raw_table import read_text
from churnlens.dialogues.cleaning import clean_dialogue
from churnlens.dialogues.form import Dialogue
from churnlens.dialogues.phrases import PhraseFinder
from churnlens.dialogues.reading import read_dialogues
from churnlens.dialogues.splits import group_dialogues
from churnlens.evaluation import labels as of_labels
from churnlens.evaluation.classification import ece
from churnlens.evaluation.intervals import Estimate, bootstrap_groups
from churnlens.evaluation.ordinal import floors, mae, ordinal_scores
from churnlens.evaluation.prediction_sets import set_scores
from churnlens.options import (
    AlertGrid,
    AlertOptions,
    AlertScoreOptions,
    FloorOptions,
    HeadOptions,
    ScorerOptions,
    TurnOptions,
)
from churnlens.tasks.satisfaction.alert_scores import AlertScores, judge, single_turn
from churnlens.tasks.satisfaction.alert_tuning import alert_turns, tune, unseen_cases, watched
from churnlens.tasks.satisfaction.alerts import Monitor
from churnlens.tasks.satisfaction.calibration import Rated
from churnlens.tasks.satisfaction.fitting import fit_scorer, load_scorer
from churnlens.tasks.satisfaction.floor import fit_floor
from churnlens.tasks.satisfaction.phrases import load_phrases
from churnlens.tasks.satisfaction.turns import TurnRow, labels_of, rated, truth_of, turn_rows

SHOWN = ("macro_f1", "qwk", "uar", "weighted_f1", "accuracy", "mae", "ece", "classwise_ece")
COMPARED = {"macro_f1": of_labels.macro_f1, "qwk": of_labels.QWK, "uar": of_labels.uar}
PHRASES = Path("conf/base/satisfaction/alert_phrases.yml")
Said = dict[str, np.ndarray]
Chances = dict[str, list[float]]  # dialogue → P(dissatisfied) of its customer turns


def main() -> None:
    """Fit and judge every fold, then print the table."""
    given = _arguments()
    logging.basicConfig(level=logging.WARNING)
    logging.getLogger("churnlens").setLevel(logging.INFO)
    dialogues = [
        clean_dialogue(each).dialogue for each in read_dialogues(read_text(given.file)).dialogues
    ]
    options = _options(given)
    rows = [row for each in dialogues for row in rated(turn_rows(each, options.turns))]
    print(f"{len(dialogues)} dialogues, {len(rows)} rated turns", flush=True)
    found = dict(_folds(dialogues, rows, options, given))
    places = np.concatenate(list(found))
    kept = [rows[at] for at in places]
    said = {
        name: {
            part: np.concatenate([each[name][part] for each in found.values()]) for part in parts
        }
        for name, parts in next(iter(found.values())).items()
    }
    _print(kept, said, options)
    _print_alerts(dialogues, options, given)


def _folds(
    dialogues: list[Dialogue], rows: list[TurnRow], options: ScorerOptions, given: Any
) -> Iterator[tuple[tuple[int, ...], dict[str, Said]]]:
    """Yield the places of each fold's rows, and what every arm says of them."""
    groups = dict(zip((d.id for d in dialogues), group_dialogues(dialogues), strict=True))
    owners = [groups[row.dialogue] for row in rows]
    split = GroupKFold(given.folds, shuffle=True, random_state=0).split(rows, groups=owners)
    for number, (inside, outside) in enumerate(split):
        if given.fold and number not in given.fold:
            continue
        path = Path(given.out) / f"fold{number}.npz"
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            learned, new = [rows[at] for at in inside], [rows[at] for at in outside]
            said, chances = _judged(dialogues, learned, new, options, given, number)
            path.with_suffix(".json").write_text(json.dumps(chances))
            flat = {
                f"{arm}.{part}": each for arm, parts in said.items() for part, each in parts.items()
            }
            np.savez(path, **flat)
        yield tuple(map(int, outside)), _read(path)


def _judged(
    dialogues: list[Dialogue],
    learned: list[TurnRow],
    new: list[TurnRow],
    options: ScorerOptions,
    given: Any,
    number: int,
) -> tuple[dict[str, Said], dict[str, dict[str, Chances]]]:
    """Return what each arm says of the new rows, and of all turns of unseen and new dialogues."""
    start = time.perf_counter()
    plain = fit_floor(learned, options.turns, FloorOptions()).probabilities(new)
    labels = labels_of(options.turns, new[0].scale)
    told = np.array(labels)[plain.argmax(axis=1)]
    said: dict[str, Said] = {"plain": {"probability": plain, "said": told}}
    training, validation = (
        _all_turns(dialogues, side, options.turns) for side in _sides(learned, options.seed)
    )
    everything = _all_turns(dialogues, new, options.turns)
    chances: dict[str, dict[str, Chances]] = {}
    alone = options.model_copy(update={"head": None})
    arms: dict[str, tuple[ScorerOptions, Path | None]] = {"floor": (alone, None)}
    if given.model:
        arms["model"] = (options, Path(given.model))
    for name, (chosen, model) in arms.items():
        fitted = fit_scorer(
            training,
            validation,
            chosen,
            model=model,
            checkpoints=Path(given.out) / "checkpoints",
            label=f"fold {number}",
        )
        scorer = load_scorer(fitted, model)
        whole = scorer.rate(everything)
        own = np.array([bool(row.ratings) for row in everything])
        said[name] = {part: each[own] for part, each in _parts(whole).items()}
        said[name]["seconds"] = _seconds(scorer.rate, new)
        chances[name] = {"new": _chances(everything, whole.dissatisfied)}
        if fitted.unseen:
            chances[name]["unseen"] = _chances(fitted.unseen.rows, fitted.unseen.dissatisfied)
        took, weight = time.perf_counter() - start, fitted.weight
        print(f"fold {number}, {name}: weight {weight:.1f}, {took:.0f} s so far", flush=True)
    return said, chances


def _all_turns(dialogues: list[Dialogue], rows: list[TurnRow], turns: TurnOptions) -> list[TurnRow]:
    """Return all customer turns of the dialogues of rows, rated or not, in the order of both."""
    kept = {row.dialogue for row in rows}
    return [row for each in dialogues if each.id in kept for row in turn_rows(each, turns)]


def _chances(rows: Sequence[TurnRow], dissatisfied: np.ndarray) -> Chances:
    found: Chances = {}
    for row, p in zip(rows, dissatisfied.tolist(), strict=True):
        found.setdefault(row.dialogue, []).append(p)
    return found


def _sides(rows: list[TurnRow], seed: int) -> tuple[list[TurnRow], list[TurnRow]]:
    """Put a seventh of the dialogues aside for validation."""
    dialogues = [row.dialogue for row in rows]
    split = GroupKFold(7, shuffle=True, random_state=seed).split(rows, groups=dialogues)
    inside, outside = next(iter(split))
    return [rows[at] for at in inside], [rows[at] for at in outside]


def _parts(found: Rated) -> Said:
    return {name: np.asarray(value) for name, value in vars(found).items()}


def _seconds(rate: Callable[[list[TurnRow]], Rated], rows: list[TurnRow]) -> np.ndarray:
    """Return the CPU time that each of the first hundred rows takes by itself."""
    taken = []
    for row in rows[:100]:
        start = time.process_time()
        rate([row])
        taken.append(time.process_time() - start)
    return np.array(taken)


def _read(path: Path) -> dict[str, Said]:
    said: dict[str, Said] = {}
    with np.load(path, allow_pickle=False) as file:
        for name in file.files:
            arm, part = name.split(".")
            said.setdefault(arm, {})[part] = file[name]
    return said


def _print(rows: list[TurnRow], said: dict[str, Said], options: ScorerOptions) -> None:
    labels, truth = labels_of(options.turns, rows[0].scale), truth_of(rows, options.turns)
    owners = np.array([row.dialogue for row in rows])
    constant = floors(truth, labels, len(rows))
    arms: dict[str, Said] = {name: {"probability": p} for name, p in constant.items()}
    print("| arm | " + " | ".join(SHOWN) + " |\n|" + "---|" * (len(SHOWN) + 1))
    for name, parts in (arms | said).items():
        scores = ordinal_scores(truth, parts["probability"], labels, owners, parts.get("said"), 500)
        print(f"| {name} | " + " | ".join(_shown(scores[each]) for each in SHOWN) + " |")
    for name in [each for each in said if each != "plain"]:
        _print_arm(name, said, truth, labels, owners)


def _print_arm(
    name: str, said: dict[str, Said], truth: np.ndarray, labels: tuple[int, ...], owners: np.ndarray
) -> None:
    parts = said[name]
    sets = set_scores(truth, parts["sets"], labels, owners, 500)
    below = truth < (labels[0] + labels[-1]) / 2
    print(f"{name}: sets hold {_shown(sets.coverage)}, mean size {_shown(sets.size)}")
    print(f"{name}: ECE of P(dissatisfied) {ece(below, parts['dissatisfied']):.3f}")
    print(f"{name}: MAE of the median label {mae(truth, parts['median']):.3f}")
    print(f"{name}: CPU milliseconds a turn, p95 {1000 * np.quantile(parts['seconds'], 0.95):.0f}")
    true = of_labels.places(truth, labels)
    told = of_labels.places(parts["said"], labels)
    plain = of_labels.places(said["plain"]["said"], labels)
    for score, of in COMPARED.items():

        def gain(t: np.ndarray, a: np.ndarray, b: np.ndarray, of: Any = of) -> float:
            first, second = (of_labels.confusion(t, each, len(labels)) for each in (a, b))
            return float(of(first) - of(second))

        difference = bootstrap_groups(gain, owners, true, told, plain, resamples=2000)
        print(f"{name} minus plain, {score}: {_shown(difference)}")


def _print_alerts(dialogues: list[Dialogue], options: ScorerOptions, given: Any) -> None:
    """Print the alerts of every arm, their thresholds tuned inside each fold, and one turn's."""
    paths = sorted(Path(given.out).glob("fold*.json"))
    kept = [path for path in paths if not given.fold or int(path.stem[4:]) in given.fold]
    folds = [json.loads(path.read_text()) for path in kept]
    finder = PhraseFinder(load_phrases(PHRASES))
    for arm in folds[0] if folds else ():
        events: list[int | None] = []
        raised: dict[str, list[tuple[int, ...]]] = {"tuned": [], "one turn": []}
        for number, fold in zip(kept, folds, strict=True):
            known = [each for each in dialogues if each.id in fold[arm]["unseen"]]
            told = [fold[arm]["unseen"][each.id] for each in known]
            cases, outlook = unseen_cases(known, told, finder, AlertOptions().horizon)
            chosen = tune(cases, finder, AlertGrid(), AlertOptions(), AlertScoreOptions()).chosen
            print(f"{arm}, {number.stem}: {chosen}, {len(cases)} dialogues", flush=True)
            monitor = Monitor(chosen, finder, outlook)
            for each in dialogues:
                if p := fold[arm]["new"].get(each.id):
                    case = watched(each, p, finder, outlook)
                    events.append(case.event)
                    raised["tuned"].append(tuple(alert_turns(monitor, case)))
                    raised["one turn"].append(single_turn([h.p for h in case.turns], 0.4))
        for rule, alerts in raised.items():
            print(f"{arm}, {rule}: {_alerts(judge(events, alerts, AlertScoreOptions()))}")


def _alerts(scores: AlertScores) -> str:
    lead = scores.lead.median if scores.lead else None
    return (
        f"{scores.events} events in {scores.dialogues} dialogues, F1 {_shown(scores.f1)}, "
        f"{_shown(scores.false_alerts)} false per 100, median lead {lead}"
    )


def _shown(value: Estimate) -> str:
    return f"{value.value:.3f} [{value.low:.3f}, {value.high:.3f}]"


def _options(given: Any) -> ScorerOptions:
    head = HeadOptions.model_validate(json.loads(given.head)) if given.model else None
    return ScorerOptions(
        turns=TurnOptions.model_validate(json.loads(given.turns)),
        floor=FloorOptions.model_validate(json.loads(given.floor)),
        head=head,
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("out")
    parser.add_argument("--model", help="folder of a base model; without it the floor alone")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--fold", type=int, action="append", help="this one only, from 0; again")
    parser.add_argument("--turns", default="{}", help="TurnOptions as JSON")
    parser.add_argument("--floor", default="{}", help="FloorOptions as JSON")
    parser.add_argument("--head", default="{}", help="HeadOptions as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    main()
