"""The public four-component risk score of a cohort, and the share of it that one customer carries.

The score is a fixed formula with hand-set weights: deterministic and explainable, but neither
fitted nor calibrated. Calibrated probabilities per customer come from `churnlens.models.risk`.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from churnlens.schema import Frozen, RiskFormula, Schema

Level = Literal["low", "medium", "high"]

WEIGHTS = {"churn_rate": 0.35, "tenure_risk": 0.25, "charge_risk": 0.20, "contract_risk": 0.20}
UNKNOWN_COMMITMENT = 0.5
LOW, HIGH = 0.3, 0.6


class RiskComponents(Frozen):
    """The four parts of the score, each between 0 and 1, under their public names.

    Attributes:
        churn_rate: share of the cohort that left.
        tenure_risk: 1 for a mean time of zero, 0 from `RiskFormula.time_cap` on.
        charge_risk: place of the mean charge in the range of `RiskFormula`.
        contract_risk: mean commitment weight; 0.5 for a value without one.
    """

    churn_rate: float
    tenure_risk: float
    charge_risk: float
    contract_risk: float


class Risk(Frozen):
    """The cohort's score (0 to 1, 4 decimals), its level and its parts (4 decimals)."""

    score: float
    level: Level
    components: RiskComponents


def _parts(table: pd.DataFrame, schema: Schema, risk: RiskFormula) -> dict[str, np.ndarray]:
    """Return time, charge and commitment weight of each row, arrays of shape (n_rows,)."""
    weights = table[risk.commitment].astype(object).map(risk.weights)
    return {
        "time": table[schema.time].to_numpy(float),
        "money": table[schema.money].to_numpy(float),
        "commitment": weights.fillna(UNKNOWN_COMMITMENT).to_numpy(float),
    }


def _tenure_risk(time: np.ndarray | float, risk: RiskFormula) -> np.ndarray:
    return np.asarray(1.0 - np.minimum(time, risk.time_cap) / risk.time_cap)


def _charge_risk(money: np.ndarray | float, risk: RiskFormula) -> np.ndarray:
    return np.asarray(np.clip((money - risk.money_floor) / risk.money_span, 0.0, 1.0))


def _level(score: float) -> Level:
    if score > HIGH:
        return "high"
    return "low" if score < LOW else "medium"


def cohort_risk(table: pd.DataFrame, schema: Schema, left: np.ndarray) -> Risk | None:
    """Return the public risk score of the customers in `table`.

    0.35 · churned share + 0.25 · (1 − min(mean time, cap)/cap)
    + 0.20 · clip((mean charge − floor)/span, 0, 1) + 0.20 · mean commitment weight.

    Args:
        table: the cohort's rows, validated.
        schema: the schema; without `risk` there is no score.
        left: who left, booleans of shape (n_rows,).

    Returns:
        The score, or None when the schema has no formula or the cohort is empty.
    """
    risk = schema.risk
    if risk is None or table.empty:
        return None
    means = {name: float(part.mean()) for name, part in _parts(table, schema, risk).items()}
    components = {
        "churn_rate": float(np.mean(left)),
        "tenure_risk": float(_tenure_risk(means["time"], risk)),
        "charge_risk": float(_charge_risk(means["money"], risk)),
        "contract_risk": means["commitment"],
    }
    score = round(sum(WEIGHTS[name] * part for name, part in components.items()), 4)
    rounded = {name: round(part, 4) for name, part in components.items()}
    return Risk(score=score, level=_level(score), components=RiskComponents(**rounded))


def customer_formula(table: pd.DataFrame, schema: Schema) -> np.ndarray | None:
    """Return the formula of each customer without the churned share, the floor of every model.

    The three parts that do not know the outcome, divided by the sum of their weights.

    Returns:
        Scores between 0 and 1, shape (n_rows,); None when the schema has no formula.
    """
    risk = schema.risk
    if risk is None:
        return None
    parts = _parts(table, schema, risk)
    total = (
        WEIGHTS["tenure_risk"] * _tenure_risk(parts["time"], risk)
        + WEIGHTS["charge_risk"] * _charge_risk(parts["money"], risk)
        + WEIGHTS["contract_risk"] * parts["commitment"]
    )
    return np.asarray(total / (1.0 - WEIGHTS["churn_rate"]))
