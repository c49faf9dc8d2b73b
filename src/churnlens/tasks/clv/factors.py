"""What the value of each customer rests on: the parts of the model that made it, in his figures."""

from __future__ import annotations

import numpy as np
import pandas as pd

from churnlens.tasks.clv.arms import ClvModel, lift, predict_arms
from churnlens.tasks.clv.repeat import RepeatModel
from churnlens.tasks.clv.survival import DiscreteHazard

_ATTRIBUTES = 2  # that are named beside the charge


def repeat_factors(model: ClvModel, repeat: RepeatModel, rows: pd.DataFrame) -> list[str]:
    """Return the factors whose product is the spend expected in the days that could be checked.

    Args:
        model: names the best model, whose level the value has.
        repeat: BG/NBD and Gamma-Gamma.
        rows: features.

    Returns:
        For each row P(still there), purchases if he is, the amount of one, and what the best model
        multiplies their product by where it is another one.
    """
    alive, amount, spend = repeat.alive(rows), repeat.amount(rows), repeat.spend(rows, model.days)
    bought = spend / np.maximum(alive * amount, 1e-9)
    lifted = lift(predict_arms(model, rows, repeat)[model.best], spend)
    told = [
        f"still there {100 * a:.0f} %; purchases {n:.2f} in {model.days} days; amount {m:.2f}"
        for a, n, m in zip(alive, bought, amount, strict=True)
    ]
    if model.best == model.arm:
        return told
    return [f"{text}; {model.best} x{by:.2f}" for text, by in zip(told, lifted, strict=True)]


def contract_factors(hazard: DiscreteHazard, ledger: pd.DataFrame) -> list[str]:
    """Return the charge of each customer, and the attributes that move his leaving most.

    Args:
        hazard: that his survival comes from.
        ledger: with its columns.

    Returns:
        For each row his charge, and the log odds of leaving that his attributes add to those of
        the mean customer (below 0: he stays longer); his months where no attribute is known.
    """
    moved = _moved(hazard, ledger)
    charges, months = ledger["charge"].to_numpy(float), ledger["months"].to_numpy(float)
    if moved.shape[1] == 0:
        return [f"charge {c:.2f}; months {m:.0f}" for c, m in zip(charges, months, strict=True)]
    order = np.argsort(-np.abs(moved.to_numpy()), axis=1, kind="stable")[:, :_ATTRIBUTES]
    found = []
    for row, (charge, places) in enumerate(zip(charges, order, strict=True)):
        names = [str(moved.columns[place]) for place in places]
        parts = [_part(n, ledger[n].iloc[row], float(moved[n].iloc[row])) for n in names]
        found.append("; ".join([f"charge {charge:.2f}", *parts]))
    return found


def _moved(hazard: DiscreteHazard, ledger: pd.DataFrame) -> pd.DataFrame:
    """Return the log odds that each column adds, shape (n_customers, n_columns)."""
    terms = hazard.encoding.terms
    added = hazard.encoding.matrix(ledger) * np.array(hazard.coefficients)
    frame = pd.DataFrame(added, columns=range(len(terms)))
    return frame.T.groupby([term.column for term in terms], sort=False).sum().T


def _part(name: str, cell: object, odds: float) -> str:
    told = f"{cell:g}" if isinstance(cell, float | int) else str(cell)
    return f"{name}={told} {odds:+.2f}"
