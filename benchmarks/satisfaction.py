"""How well satisfaction is told on rated dialogues, by dialogue and out of fold.

`python benchmarks/satisfaction.py FILE OUT [--model DIR] [--folds N] [--head JSON] …`

FILE is any file of dialogues that `churnlens.dialogues` reads. Each fold's dialogues are rated by a
scorer that has not seen them: the plain floor (TF-IDF of characters, balanced linear classes, the
most probable label), the calibrated floor, and with --model the tuned model beside it. Training
and calibration happen inside the fold's other dialogues. OUT keeps what each fold said, so that a
stopped run goes on.
"""

from __future__ import annotations

import argparse
import json
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import GroupKFold

from churnlens.datasets.raw_table import read_text
from churnlens.dialogues.cleaning import clean_dialogue
from churnlens.dialogues.form import Dialogue
from churnlens.dialogues.reading import read_dialogues
from churnlens.dialogues.splits import group_dialogues
from churnlens.evaluation import labels as of_labels
from churnlens.evaluation.classification import ece
from churnlens.evaluation.intervals import Estimate, bootstrap_groups
from churnlens.evaluation.ordinal import floors, mae, ordinal_scores
from churnlens.evaluation.prediction_sets import set_scores
from churnlens.options import FloorOptions, HeadOptions, ScorerOptions, TurnOptions
from churnlens.tasks.satisfaction.calibration import Rated
from churnlens.tasks.satisfaction.fitting import fit_scorer, load_scorer
from churnlens.tasks.satisfaction.floor import fit_floor
from churnlens.tasks.satisfaction.turns import TurnRow, labels_of, rated, truth_of, turn_rows

SHOWN = ("macro_f1", "qwk", "uar", "weighted_f1", "accuracy", "mae", "ece", "classwise_ece")
COMPARED = {"macro_f1": of_labels.macro_f1, "qwk": of_labels.QWK, "uar": of_labels.uar}
Said = dict[str, np.ndarray]


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


def _folds(
    dialogues: list[Dialogue], rows: list[TurnRow], options: ScorerOptions, given: Any
) -> Iterator[tuple[tuple[int, ...], dict[str, Said]]]:
    """Yield the places of each fold's rows, and what every arm says of them."""
    groups = dict(zip((d.id for d in dialogues), group_dialogues(dialogues), strict=True))
    owners = [groups[row.dialogue] for row in rows]
    split = GroupKFold(given.folds, shuffle=True, random_state=0).split(rows, groups=owners)
    for number, (inside, outside) in enumerate(list(split)[: given.only or None]):
        path = Path(given.out) / f"fold{number}.npz"
        if not path.is_file():
            learned = [rows[at] for at in inside]
            said = _judged(learned, [rows[at] for at in outside], options, given, number)
            path.parent.mkdir(parents=True, exist_ok=True)
            flat = {
                f"{arm}.{part}": each for arm, parts in said.items() for part, each in parts.items()
            }
            np.savez(path, **flat)
        yield tuple(map(int, outside)), _read(path)


def _judged(
    learned: list[TurnRow], new: list[TurnRow], options: ScorerOptions, given: Any, number: int
) -> dict[str, Said]:
    start = time.perf_counter()
    plain = fit_floor(learned, options.turns, FloorOptions()).probabilities(new)
    labels = labels_of(options.turns, new[0].scale)
    told = np.array(labels)[plain.argmax(axis=1)]
    said: dict[str, Said] = {"plain": {"probability": plain, "said": told}}
    training, validation = _sides(learned, options.seed)
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
        said[name] = _parts(scorer.rate(new)) | {"seconds": _seconds(scorer.rate, new)}
        took, weight = time.perf_counter() - start, fitted.weight
        print(f"fold {number}, {name}: weight {weight:.1f}, {took:.0f} s so far", flush=True)
    return said


def _sides(rows: list[TurnRow], seed: int) -> tuple[list[TurnRow], list[TurnRow]]:
    """Put a seventh of the dialogues aside for validation."""
    dialogues = [row.dialogue for row in rows]
    split = GroupKFold(7, shuffle=True, random_state=seed).split(rows, groups=dialogues)
    inside, outside = next(iter(split))
    return [rows[at] for at in inside], [rows[at] for at in outside]


def _parts(found: Rated) -> Said:
    return {name: np.asarray(value) for name, value in vars(found).items()}


def _seconds(rate: Callable[[list[TurnRow]], Rated], rows: list[TurnRow]) -> np.ndarray:
    """Return how long each of the first hundred rows takes by itself."""
    taken = []
    for row in rows[:100]:
        start = time.perf_counter()
        rate([row])
        taken.append(time.perf_counter() - start)
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
    print(f"{name}: milliseconds a turn, p95 {1000 * np.quantile(parts['seconds'], 0.95):.0f}")
    true = of_labels.places(truth, labels)
    told = of_labels.places(parts["said"], labels)
    plain = of_labels.places(said["plain"]["said"], labels)
    for score, of in COMPARED.items():

        def gain(t: np.ndarray, a: np.ndarray, b: np.ndarray, of: Any = of) -> float:
            first, second = (of_labels.confusion(t, each, len(labels)) for each in (a, b))
            return float(of(first) - of(second))

        difference = bootstrap_groups(gain, owners, true, told, plain, resamples=2000)
        print(f"{name} minus plain, {score}: {_shown(difference)}")


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
    parser.add_argument("--only", type=int, default=0, help="of the folds, the first so many")
    parser.add_argument("--turns", default="{}", help="TurnOptions as JSON")
    parser.add_argument("--floor", default="{}", help="FloorOptions as JSON")
    parser.add_argument("--head", default="{}", help="HeadOptions as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    main()
