"""The bench of the repository, and tables and filters to score it with."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from pydantic import TypeAdapter

from churnlens.evaluation.oracle import Filter

REPO = Path(__file__).parents[2]
REAL = Path(os.environ.get("CHURNLENS_REAL_DATA", REPO.parent / "shared" / "data"))
ADD_ONS = (
    "OnlineSecurity",
    "OnlineBackup",
    "DeviceProtection",
    "TechSupport",
    "StreamingTV",
    "StreamingMovies",
)
FIBER = {"column": "InternetService", "op": "eq", "value": "Fiber optic"}
SENIOR = {"column": "SeniorCitizen", "op": "eq", "value": "1"}


def raw_bench():
    return yaml.safe_load((REPO / "conf/base/bench/telco.yml").read_text(encoding="utf-8"))


def synthetic_table(rows=6000):
    rng = np.random.default_rng(7)

    def yes_no():
        return rng.choice(["Yes", "No"], rows)

    internet = rng.choice(["Fiber optic", "DSL", "No"], rows)
    phone = np.where((internet == "DSL") & (rng.random(rows) < 0.3), "No", "Yes")
    tenure = rng.integers(0, 73, rows).astype(float)
    monthly = rng.uniform(18.25, 118.75, rows).round(2)
    columns = {
        "gender": rng.choice(["Female", "Male"], rows),
        "SeniorCitizen": rng.choice(["0", "1"], rows),
        "Partner": yes_no(),
        "Dependents": yes_no(),
        "tenure": tenure,
        "PhoneService": phone,
        "MultipleLines": np.where(phone == "No", "No phone service", yes_no()),
        "InternetService": internet,
        "Contract": rng.choice(["Month-to-month", "One year", "Two year"], rows),
        "PaperlessBilling": yes_no(),
        "PaymentMethod": rng.choice(
            [
                "Electronic check",
                "Mailed check",
                "Bank transfer (automatic)",
                "Credit card (automatic)",
            ],
            rows,
        ),
        "MonthlyCharges": monthly,
        "TotalCharges": tenure * monthly,
    }
    columns |= {
        name: np.where(internet == "No", "No internet service", yes_no()) for name in ADD_ONS
    }
    return pd.DataFrame(columns)


def real_table():
    path = REAL / "telco_churn" / "Telco-Customer-Churn.csv"
    if not path.exists():
        pytest.skip(f"no real telco table in {REAL}; set CHURNLENS_REAL_DATA to run this test")
    table = pd.read_csv(path)
    table["TotalCharges"] = pd.to_numeric(table["TotalCharges"], errors="coerce").fillna(0.0)
    return table


def read_filter(*rows):
    return TypeAdapter(Filter).validate_python(rows)
