"""How good a probability is: ranking, calibration, use, and what cross-validation says of it.

`left` is always booleans of shape (n_rows,), `probability` floats between 0 and 1 of the same
shape. A metric that the data cannot define (one class only, no rows) is NaN, never a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from churnlens.evaluation.intervals import Comparison, Estimate, corrected_t


def auc(left: np.ndarray, probability: np.ndarray) -> float:
    """Return the area under the ROC curve: chance that a leaver outranks a stayer (ties half)."""
    from scipy import stats

    left = np.asarray(left, bool)
    leavers, stayers = int(left.sum()), int((~left).sum())
    if not leavers or not stayers:
        return float("nan")
    ranks = stats.rankdata(probability)[left].sum()
    return float((ranks - leavers * (leavers + 1) / 2) / (leavers * stayers))


def average_precision(left: np.ndarray, probability: np.ndarray) -> float:
    """Return the average precision (step-wise area under the precision-recall curve)."""
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(left, probability)) if np.any(left) else float("nan")


def brier(left: np.ndarray, probability: np.ndarray) -> float:
    """Return the mean squared error of the probability."""
    return float(np.mean((np.asarray(probability, float) - np.asarray(left, float)) ** 2))


def _bin(probability: np.ndarray, bins: int) -> np.ndarray:
    return np.clip((probability * bins).astype(int), 0, bins - 1)


def reliability(left: np.ndarray, probability: np.ndarray, bins: int = 10) -> pd.DataFrame:
    """Return the reliability table over equal-width bins.

    Bins are [0, 1/bins), …, [1 − 1/bins, 1]; empty bins are left out.

    Returns:
        Columns `low`, `high`, `n`, `predicted` (mean probability) and `observed` (share left).
    """
    p, y = np.asarray(probability, float), np.asarray(left, float)
    place = _bin(p, bins)
    n = np.bincount(place, minlength=bins)
    used = np.flatnonzero(n)
    return pd.DataFrame(
        {
            "low": used / bins,
            "high": (used + 1) / bins,
            "n": n[used],
            "predicted": np.bincount(place, weights=p, minlength=bins)[used] / n[used],
            "observed": np.bincount(place, weights=y, minlength=bins)[used] / n[used],
        }
    )


def ece(left: np.ndarray, probability: np.ndarray, bins: int = 10) -> float:
    """Return the expected calibration error over equal-width bins.

    The mean of |observed − predicted| over the bins of `reliability`, weighted by their size. A
    perfect model does not reach zero: `ece_by_chance` says what counting noise alone gives.
    """
    p, y = np.asarray(probability, float), np.asarray(left, float)
    gaps = np.bincount(_bin(p, bins), weights=y - p, minlength=bins)
    return float(np.abs(gaps).sum() / len(p)) if len(p) else float("nan")


def ece_by_chance(probability: np.ndarray, draws: int = 50, seed: int = 0, bins: int = 10) -> float:
    """Return the mean ECE of a perfect model with these probabilities: the floor of `ece`.

    Outcomes are drawn from the probabilities themselves, so what is left is counting noise.
    """
    p, rng = np.asarray(probability, float), np.random.default_rng(seed)
    return float(np.mean([ece(rng.random(len(p)) < p, p, bins) for _ in range(draws)]))


def lift(left: np.ndarray, probability: np.ndarray, share: float = 0.1) -> float:
    """Return how many times more leavers the riskiest `share` of rows holds than a random one.

    Rows that tie at the border count in proportion, so that a constant scores exactly 1.
    """
    y, p = np.asarray(left, float), np.asarray(probability, float)
    if not y.any():
        return float("nan")
    size = max(1, round(share * len(p)))
    border = np.partition(p, -size)[-size]
    above, tied = p > border, p == border
    found = y[above].sum() + (size - above.sum()) * y[tied].mean()
    return float(found / size / y.mean())


def f1(left: np.ndarray, probability: np.ndarray, threshold: float) -> float:
    """Return F1 of "leaves" where the probability reaches the threshold; 0 without a true hit."""
    y, said = np.asarray(left, bool), np.asarray(probability, float) >= threshold
    total = int(y.sum() + said.sum())
    return 2 * int((y & said).sum()) / total if total else 0.0


METRICS: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "auc": auc,
    "average_precision": average_precision,
    "brier": brier,
    "ece": ece,
    "lift_at_10": lift,
}


def best_threshold(left: np.ndarray, probability: np.ndarray) -> float:
    """Return the threshold from 0.05 to 0.95 (steps of 0.05) with the best F1, the lowest first.

    Choose it on rows other than those that F1 is reported for.
    """
    steps = np.round(np.arange(0.05, 0.96, 0.05), 2)
    return float(max(steps, key=lambda step: f1(left, probability, step)))


def base_rate(left: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Return the floor of every model: the leave rate of each fold's training rows.

    Args:
        left: who left, shape (n_rows,).
        folds: test-fold number of each row in each repeat, integers of shape (repeats, n_rows).

    Returns:
        Probabilities of shape (repeats, n_rows).
    """
    y = np.asarray(left, float)
    probability = np.empty(folds.shape)
    for repeat, fold in enumerate(folds):
        inside = np.bincount(fold, weights=y)
        size = np.bincount(fold)
        probability[repeat] = ((y.sum() - inside) / (len(y) - size))[fold]
    return probability


def fold_metrics(left: np.ndarray, folds: np.ndarray, probability: np.ndarray) -> pd.DataFrame:
    """Return every metric in every test fold.

    The threshold of F1 is chosen on the other folds of the same repeat.

    Args:
        left: who left, shape (n_rows,).
        folds: test-fold number of each row in each repeat, integers of shape (repeats, n_rows).
        probability: out-of-fold probabilities, shape (repeats, n_rows) or (n_rows,).

    Returns:
        One row per repeat and fold, columns `repeat`, `fold`, those of `METRICS` and `f1`.
    """
    y, rows = np.asarray(left, bool), []
    for repeat, row in enumerate(np.broadcast_to(probability, folds.shape)):
        for fold in np.unique(folds[repeat]):
            test = folds[repeat] == fold
            threshold = best_threshold(y[~test], row[~test])
            inside = y[test], row[test]
            scores = {name: metric(*inside) for name, metric in METRICS.items()}
            place = {"repeat": repeat, "fold": int(fold)}
            rows.append({**place, **scores, "f1": f1(*inside, threshold)})
    return pd.DataFrame(rows)


def summarize(metrics: pd.DataFrame) -> dict[str, Estimate]:
    """Return each metric's mean over folds with its Nadeau-Bengio interval; `n` counts folds."""
    share = 1 / metrics["fold"].nunique()
    return {
        name: corrected_t(metrics[name].to_numpy(), share).difference for name in (*METRICS, "f1")
    }


def compare(
    metrics: Mapping[str, pd.DataFrame], against: str, metric: str = "auc"
) -> dict[str, Comparison]:
    """Compare every model with one of them on the same folds (Nadeau-Bengio t-test).

    Args:
        metrics: model → result of `fold_metrics`, all over the same folds.
        against: the model to compare with, for instance the floor.
        metric: a column of `fold_metrics`.

    Returns:
        Model → difference (model − against).
    """
    share = 1 / metrics[against]["fold"].nunique()
    floor = metrics[against][metric].to_numpy()
    return {
        name: corrected_t(table[metric].to_numpy() - floor, share)
        for name, table in metrics.items()
        if name != against
    }
