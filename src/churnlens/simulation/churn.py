"""Demo customers whose reasons for leaving are known: the planted truth of the task ``churn``.

The outcome follows one declared logistic model of the attributes, without interactions:
``logit P(churn) = intercept + Σ log(odds ratio)``. Charges have no effect of their own: fiber
customers pay more *and* leave more, but price as such moves nobody once the services are given.
The intercept is solved so that the mean probability of the drawn customers is `CHURN_RATE`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from churnlens.simulation.attributes import customer_ids, draw_attributes
from churnlens.simulation.feedback import LANGUAGE_SHARES, feedback_truth, write_feedback
from churnlens.simulation.personal import customer_names
from churnlens.simulation.phrasebook import LANGUAGES
from churnlens.simulation.sampling import log_odds, probability, streams

GENERATOR = "churnlens.simulation.churn 1"
CHURN_RATE = 0.2654
MOST_CUSTOMERS = 1_000_000
NAME_IN_FEEDBACK_LANGUAGE = 0.9

REFERENCE = {
    "gender": "Female",
    "SeniorCitizen": "0",
    "Partner": "No",
    "Dependents": "No",
    "PhoneService": "Yes",
    "MultipleLines": "No",
    "InternetService": "DSL",
    "OnlineSecurity": "Yes",
    "OnlineBackup": "Yes",
    "DeviceProtection": "Yes",
    "TechSupport": "Yes",
    "StreamingTV": "No",
    "StreamingMovies": "No",
    "Contract": "Two year",
    "PaperlessBilling": "No",
    "PaymentMethod": "Bank transfer (automatic)",
}
# ``Column=value`` → odds ratio against the column's reference; every other value is a null
ODDS_RATIOS = {
    "gender=Male": 1.0,
    "SeniorCitizen=1": 1.4,
    "Partner=Yes": 1.0,
    "Dependents=Yes": 1.0,
    "PhoneService=No": 1.0,
    "MultipleLines=Yes": 1.0,
    "InternetService=Fiber optic": 2.4,
    "InternetService=No": 0.6,
    "OnlineSecurity=No": 1.6,
    "OnlineBackup=No": 1.0,
    "DeviceProtection=No": 1.0,
    "TechSupport=No": 1.6,
    "StreamingTV=Yes": 1.0,
    "StreamingMovies=Yes": 1.0,
    "Contract=Month-to-month": 4.0,
    "Contract=One year": 2.0,
    "PaperlessBilling=Yes": 1.4,
    "PaymentMethod=Electronic check": 1.5,
    "PaymentMethod=Credit card (automatic)": 1.0,
    "PaymentMethod=Mailed check": 1.0,
}
ODDS_RATIOS_PER_UNIT = {"tenure": 0.968, "MonthlyCharges": 1.0, "TotalCharges": 1.0}
UNITS = {"tenure": "month", "MonthlyCharges": "USD", "TotalCharges": "USD"}
# values that say no more than another column does, and so have no odds ratio of their own
RESTATED = {"MultipleLines=No phone service": "PhoneService=No"} | {
    f"{name}=No internet service": "InternetService=No"
    for name in (
        "OnlineSecurity",
        "OnlineBackup",
        "DeviceProtection",
        "TechSupport",
        "StreamingTV",
        "StreamingMovies",
    )
}


@dataclass(frozen=True)
class ChurnDemo:
    """Simulated customers and what is true about them.

    Attributes:
        customers: the table as a raw CSV file would hold it; every cell is a string.
        truth: what was planted, ready for JSON.
        truth_rows: one row a customer: `customerID`, `churn_probability` (given the attributes),
            `language` of the feedback, `reasons` (``topic:polarity`` joined by ``;``),
            `personal_kinds` and `personal_values` in the text (joined by ``;``), `canary` of a
            planted order, `typo`; an empty string means none.
    """

    customers: pd.DataFrame
    truth: dict[str, Any]
    truth_rows: pd.DataFrame


def _solve_intercept(logit: np.ndarray, rate: float) -> float:
    """Return the intercept at which the mean probability is `rate` (bisection)."""
    low, high = -30.0, 30.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if probability(logit + middle).mean() > rate else (middle, high)
    return (low + high) / 2


def draw_customers(
    customers: int, attributes: np.random.Generator, outcome: np.random.Generator
) -> tuple[pd.DataFrame, np.ndarray, float]:
    """Draw attributes and the outcome, without ids, names and texts.

    Returns:
        The table (`draw_attributes` and `Churn`), the true churn probability of each row, and
        the intercept of the model.
    """
    table = draw_attributes(customers, attributes)
    logit = log_odds(table, ODDS_RATIOS)
    for column, ratio in ODDS_RATIOS_PER_UNIT.items():
        logit += np.log(ratio) * table[column].to_numpy()
    intercept = _solve_intercept(logit, CHURN_RATE)
    chances = probability(logit + intercept)
    left = outcome.random(customers) < chances
    return table.assign(Churn=np.where(left, "Yes", "No")), chances, intercept


def _null_columns() -> list[str]:
    effects = {key.partition("=")[0] for key, ratio in ODDS_RATIOS.items() if ratio != 1.0}
    effects |= {column for column, ratio in ODDS_RATIOS_PER_UNIT.items() if ratio != 1.0}
    return [column for column in (*REFERENCE, *ODDS_RATIOS_PER_UNIT) if column not in effects]


def _keys_hash(keys: np.ndarray) -> str:
    """Return the hex sha256 of the sorted keys, one a line: whose truth it is."""
    return hashlib.sha256("\n".join(sorted(keys.tolist())).encode()).hexdigest()


def _as_written(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with every cell as the text that a CSV file holds."""
    total = [f"{usd:g}" if usd else " " for usd in table.TotalCharges.tolist()]
    monthly = [f"{usd:g}" for usd in table.MonthlyCharges.tolist()]
    return table.assign(TotalCharges=total, MonthlyCharges=monthly).astype("str")


def simulate_customers(customers: int = 7043, seed: int = 7) -> ChurnDemo:
    """Simulate a telco customer table with feedback, and its planted truth.

    Args:
        customers: number of rows, 1 to 1,000,000.
        seed: the same size and seed give the same bytes.

    Raises:
        ValueError: when `customers` is out of range.
    """
    if not 1 <= customers <= MOST_CUSTOMERS:
        raise ValueError(f"customers: got {customers}, expected 1 to {MOST_CUSTOMERS:,}")
    rng = streams(seed, "attributes", "outcome", "ids", "names", "feedback")
    table, chances, intercept = draw_customers(customers, rng["attributes"], rng["outcome"])
    speaks = rng["names"].choice(LANGUAGES, p=LANGUAGE_SHARES, size=customers)
    other = rng["names"].random(customers) >= NAME_IN_FEEDBACK_LANGUAGE
    named = np.where(other, np.where(speaks == "en", "zh", "en"), speaks)
    names = customer_names(named, (table.gender == "Female").to_numpy(), rng["names"])
    texts = write_feedback(table, speaks, names, rng["feedback"])
    ids = customer_ids(customers, rng["ids"])
    truth = {
        "generator": GENERATOR,
        "seed": seed,
        "customers": customers,
        "keys_sha256": _keys_hash(ids),
        "model": "logit P(churn) = intercept + sum of log odds ratios; no interactions",
        "intercept": intercept,
        "baseline": {**REFERENCE, "tenure": 0},
        "baseline_probability": float(probability(np.array(intercept))),
        "odds_ratios": dict(ODDS_RATIOS),
        "odds_ratios_per_unit": dict(ODDS_RATIOS_PER_UNIT),
        "units": dict(UNITS),
        "restated": dict(RESTATED),
        "null_columns": _null_columns(),
        "expected_churn_rate": CHURN_RATE,
        "churn_rate": float((table.Churn == "Yes").mean()),
        "feedback": feedback_truth(texts, (table.Churn == "Yes").to_numpy()),
    }
    written = _as_written(table)
    written.insert(0, "customerID", ids)
    written.insert(1, "CustomerName", names)
    key = written[["customerID"]].assign(churn_probability=chances)
    return ChurnDemo(
        customers=written.assign(CustomerFeedback=texts.CustomerFeedback),
        truth=truth,
        truth_rows=pd.concat([key, texts.drop(columns="CustomerFeedback")], axis=1),
    )
