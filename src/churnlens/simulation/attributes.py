"""Customers' attributes: a joint distribution shaped like the public telco table.

Every conditional probability is written by hand and rounded, so that marginals and the main
correlations come near the published aggregates; no row of real data is used. The outcome plays
no part here.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

LETTERS = 26
LONGEST = 72  # months
CHARGE_RANGE = (18.25, 118.75)  # USD a month

# cumulative share of customers → months since the start, with point masses at 0, 1 and 72
_TENURE_SHARES = (0.0, 0.0015, 0.089, 0.21, 0.31, 0.456, 0.574, 0.682, 0.80, 0.949)
_TENURE_MONTHS = (0, 0, 1, 6, 12, 24, 36, 48, 60, 71)
_PARTNER = 0.483

# logit of having an add-on: at the start, per month of tenure, with fiber, per unit of taste
_ADD_ONS = {
    "OnlineSecurity": (-1.20, 0.036, -1.05, 0.0),
    "OnlineBackup": (-1.35, 0.036, -0.10, 0.0),
    "DeviceProtection": (-1.35, 0.036, -0.05, 0.0),
    "TechSupport": (-1.20, 0.036, -1.00, 0.0),
    "StreamingTV": (-1.70, 0.034, 0.85, 1.2),
    "StreamingMovies": (-1.70, 0.034, 0.85, 1.2),
}
_PRICES = {"StreamingTV": 10.0, "StreamingMovies": 10.0}  # USD a month; every other add-on is 5


def _chance(rng: np.random.Generator, logit: np.ndarray) -> np.ndarray:
    return rng.random(len(logit)) < 1.0 / (1.0 + np.exp(-logit))


def _pick(rng: np.random.Generator, utilities: dict[str, np.ndarray]) -> np.ndarray:
    """Draw one name per customer with probability proportional to exp(utility)."""
    scores = np.column_stack(list(utilities.values()))
    best = np.argmax(scores + rng.gumbel(size=scores.shape), axis=1)
    return np.array(list(utilities), dtype=object)[best]


def _tenure(rng: np.random.Generator, partner: np.ndarray) -> np.ndarray:
    """Return whole months; partners have longer ones, while the marginal stays exact."""
    first, second, mixed = rng.random((3, len(partner)))
    later = np.where(mixed < 0.8, np.maximum(first, second), first)
    sooner = np.where(mixed < 0.8 * _PARTNER / (1 - _PARTNER), np.minimum(first, second), first)
    share = np.where(partner, later, sooner)
    months = np.ceil(np.interp(share, _TENURE_SHARES, _TENURE_MONTHS))
    return np.where(share > _TENURE_SHARES[-1], LONGEST, months).astype(int)


def _charges(
    rng: np.random.Generator, list_price: np.ndarray, tenure: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return monthly and total charges (USD, steps of 0.05) around the list price."""
    offers = rng.normal(scale=0.35 + 0.015 * list_price)
    monthly = np.round(np.clip(list_price + offers, *CHARGE_RANGE) * 20) / 20
    drift = rng.normal(size=len(tenure)) * 0.2 * monthly * np.sqrt(np.maximum(tenure - 1, 0))
    total = np.where(tenure > 0, np.maximum(monthly * tenure + drift, monthly), 0.0)
    return monthly, np.round(total * 20) / 20


def customer_ids(customers: int, rng: np.random.Generator) -> np.ndarray:
    """Return that many different ids of the form ``1234-ABCDE`` (array of str)."""
    number = rng.choice(10**4 * LETTERS**5, size=customers, replace=False)
    symbols = np.empty((customers, 10), dtype=np.uint32)
    for place in (9, 8, 7, 6, 5):
        number, digit = np.divmod(number, LETTERS)
        symbols[:, place] = digit + ord("A")
    symbols[:, 4] = ord("-")
    for place in (3, 2, 1, 0):
        number, digit = np.divmod(number, 10)
        symbols[:, place] = digit + ord("0")
    return symbols.view("<U10").ravel()


def _services(
    rng: np.random.Generator, internet: np.ndarray, tenure: np.ndarray
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return the service columns and the list price of each customer's bundle (USD a month)."""
    fiber, online = internet == "Fiber optic", internet != "No"
    phone = fiber | ~online | (rng.random(len(tenure)) < 0.72)
    lines = phone & _chance(rng, -1.35 + 0.029 * tenure + 0.95 * fiber - 0.9 * ~online)
    columns = {
        "PhoneService": np.where(phone, "Yes", "No"),
        "MultipleLines": np.where(phone, np.where(lines, "Yes", "No"), "No phone service"),
        "InternetService": internet,
    }
    price = 20.0 * phone + 5.0 * lines + 25.0 * online + 25.0 * fiber
    taste = rng.normal(size=len(tenure))
    for name, (start, per_month, with_fiber, per_taste) in _ADD_ONS.items():
        logit = start + per_month * tenure + with_fiber * fiber + per_taste * taste
        has = online & _chance(rng, logit)
        columns[name] = np.where(online, np.where(has, "Yes", "No"), "No internet service")
        price = price + _PRICES.get(name, 5.0) * has
    return columns, price


def _agreement(
    rng: np.random.Generator, internet: np.ndarray, tenure: np.ndarray, senior: np.ndarray
) -> dict[str, np.ndarray]:
    """Return the contract and billing columns."""
    fiber, offline, zero = internet == "Fiber optic", internet == "No", np.zeros(len(tenure))
    late = np.maximum(tenure - 60, 0)
    contract = {
        "Month-to-month": zero,
        "One year": -2.45 + 0.050 * tenure + 0.10 * late - 0.4 * fiber + 0.6 * offline,
        "Two year": -3.85 + 0.075 * tenure + 0.18 * late - 0.7 * fiber + 1.4 * offline,
    }
    payment = {
        "Bank transfer (automatic)": zero,
        "Credit card (automatic)": zero,
        "Electronic check": 1.3 - 0.033 * tenure + 0.8 * fiber - 1.2 * offline,
        "Mailed check": 1.5 - 0.047 * tenure - 1.0 * fiber + 1.0 * offline,
    }
    paperless = _chance(rng, 0.2 + 1.0 * fiber - 1.1 * offline + 0.3 * senior)
    return {
        "Contract": _pick(rng, contract),
        "PaperlessBilling": np.where(paperless, "Yes", "No"),
        "PaymentMethod": _pick(rng, payment),
    }


def draw_attributes(customers: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw the attributes of `customers` customers.

    Args:
        customers: number of rows.
        rng: source of randomness; the same state gives the same table.

    Returns:
        One row a customer: categories as strings, `tenure` in whole months, charges in USD
        (`TotalCharges` 0 where tenure is 0). No id, name, text or outcome.
    """
    male, senior, partner = rng.random((3, customers)) < [[0.505], [0.162], [_PARTNER]]
    dependents = rng.random(customers) < np.where(
        partner, np.where(senior, 0.14, 0.59), np.where(senior, 0.01, 0.11)
    )
    tenure = _tenure(rng, partner)
    internet = {
        "DSL": np.zeros(customers),
        "Fiber optic": 0.18 + 1.0 * senior - 0.42 * dependents,
        "No": -0.54 - 1.0 * senior + 0.37 * dependents,
    }
    services, price = _services(rng, _pick(rng, internet), tenure)
    monthly, total = _charges(rng, price, tenure)
    return pd.DataFrame(
        {
            "gender": np.where(male, "Male", "Female"),
            "SeniorCitizen": np.where(senior, "1", "0"),
            "Partner": np.where(partner, "Yes", "No"),
            "Dependents": np.where(dependents, "Yes", "No"),
            "tenure": tenure,
            **services,
            **_agreement(rng, services["InternetService"], tenure, senior),
            "MonthlyCharges": monthly,
            "TotalCharges": total,
        }
    )
