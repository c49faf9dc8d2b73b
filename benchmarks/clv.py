"""The figures of lifetime value as JSON: `python benchmarks/clv.py CDNOW TELCO [SEEDS]`.

The first file is the public CDNOW sample (2,357 customers), the second the public telco table;
either may be left out with `-`. Demo data is simulated, with so many seeds (3; 0 leaves it out).
A minute and a half of one core.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from churnlens.datasets import RawTableDataset
from churnlens.models.risk import fit_boosting
from churnlens.options import (
    ClvModelOptions,
    RetentionOptions,
    SegmentOptions,
    SplitOptions,
    SurvivalOptions,
    TransactionOptions,
    ValueOptions,
)
from churnlens.pipelines.data_processing.validation import find_faults
from churnlens.schema import Schema, read_schema
from churnlens.simulation import simulate_customers, simulate_ledger
from churnlens.tasks.clv.arms import fit_clv, predict_arms
from churnlens.tasks.clv.boosting import global_importance
from churnlens.tasks.clv.contract_value import contract_values, score_survival
from churnlens.tasks.clv.contracts import contract_ledger, ledger_of_bills, ledger_predictors
from churnlens.tasks.clv.features import features_at, temporal_split
from churnlens.tasks.clv.readers import read_cdnow
from churnlens.tasks.clv.repeat import fit_repeat
from churnlens.tasks.clv.scoring import score_clv
from churnlens.tasks.clv.segments import assign_segments, fit_borders, segment_table, stability
from churnlens.tasks.clv.survival import fit_hazard
from churnlens.tasks.clv.transactions import check_transactions
from churnlens.tasks.clv.value import definition
from churnlens.tasks.retention.rules import load_rules
from churnlens.tasks.retention.table import join_customers, retention_table
from churnlens.tasks.retention.worth import worth_of_list

ROOT = Path(__file__).parents[1]
SPLIT = SplitOptions(
    train=(date(1997, 7, 1), date(1997, 10, 1), date(1998, 1, 1)), test=date(1998, 4, 1), days=90
)


def repeat_purchase(path: Path) -> dict[str, Any]:
    """Return the published parameters anew, and all models on the temporal split."""
    options = TransactionOptions(end=date(1998, 6, 30), duplicates="keep")
    transactions, report = check_transactions(read_cdnow(path.read_text("utf-8")), options)
    train, test = temporal_split(transactions, SPLIT)
    started, settings = time.perf_counter(), ClvModelOptions()
    model = fit_clv(train, SPLIT.days, settings)
    fitted = time.perf_counter() - started
    repeat = fit_repeat(test)
    started = time.perf_counter()
    predict_arms(model, test, repeat)
    latency = time.perf_counter() - started
    scores = score_clv(model, train, test, settings)
    return {
        "transactions": report.model_dump(),
        "published_calibration": fit_repeat(
            features_at(transactions, date(1997, 10, 1))
        ).model_dump(),
        "scores": scores.model_dump(),
        "importance": global_importance(model.fitted.tweedie.contributions(test)),
        "seconds_to_fit": fitted,
        "milliseconds_per_1000_predictions_of_all_models": 1e6 * latency / len(test),
    }


def real_survival(path: Path, schema: Schema) -> list[dict[str, Any]]:
    """Return concordance and calibration of survival on the real table."""
    table, faults = find_faults(RawTableDataset(filepath=str(path)).load(), schema)
    if faults:
        raise SystemExit(f"{path}: {len(faults)} faults, the first: {faults[0]}")
    ledger, columns = contract_ledger(table, schema), ledger_predictors(table, schema)
    return [
        {**scores.model_dump(), "largest_gap": scores.largest_gap}
        for scores in score_survival(ledger, columns, SurvivalOptions())
    ]


def recovery(values: pd.DataFrame, truth: pd.DataFrame) -> dict[str, float]:
    """Return how near values are to the planted ones, of customers who are still there."""
    here = ~truth["left"].to_numpy(bool)
    found, true = values["clv"][here], truth["clv"][here]
    inside = (values["clv_low"][here] <= true) & (true <= values["clv_high"][here])
    return {
        "customers": int(here.sum()),
        "mape": float((np.abs(found - true) / true).mean()),
        "rank_correlation": float(found.corr(true, method="spearman")),
        "coverage_of_90": float(inside.mean()),
        "total_bias": float(found.sum() / true.sum() - 1),
    }


def unseen_risk(table: pd.DataFrame, schema: Schema, left: np.ndarray, seed: int) -> np.ndarray:
    """Return the churn task's probability of each customer, from models that have not seen him."""
    half, risk = np.random.default_rng(seed).random(len(table)) < 0.5, np.empty(len(table))
    for test in (half, ~half):
        model = fit_boosting(table[~test], schema, left[~test], seed)
        risk[test] = model.probability(table[test])
    return risk


def demo(seed: int, schema: Schema) -> dict[str, Any]:
    """Return what is recovered of one simulated ledger, and what the list is worth on it."""
    people = simulate_customers(seed=seed)
    year = simulate_ledger(people, seed=seed)
    table, _ = find_faults(people.customers, schema)
    ledger, columns = ledger_of_bills(table, year.bills, schema), ledger_predictors(table, schema)
    fits = {
        period: fit_hazard(ledger, columns, SurvivalOptions(period=period)) for period in (12, 1)
    }
    values = {
        period: contract_values(model, ledger, ValueOptions(), seed=seed)
        for period, model in fits.items()
    }
    borders = fit_borders(values[12], SegmentOptions())
    segments = {period: assign_segments(frame, borders) for period, frame in values.items()}
    left = ledger["left"].to_numpy(bool)
    risk = unseen_risk(table, schema, left, seed)
    known = pd.DataFrame({"customer_id": ledger["customer_id"], "p_churn": risk})
    joined = join_customers(segments[12], known)
    listed = retention_table(joined, load_rules(ROOT / "conf/base/retention/rules.yml"), "en")
    worth = worth_of_list(joined, year.truth_rows, 0.2, 10.0, RetentionOptions())
    return {
        "seed": seed,
        "recovered": recovery(values[12], year.truth_rows),
        "recovered_with_a_monthly_hazard": recovery(values[1], year.truth_rows),
        "segments": segment_table(segments[12]).to_dict("records"),
        "same_segment_under_a_monthly_hazard": stability(segments[12], segments[1]),
        "list": {
            "rows": len(listed),
            "eligible": int(listed["eligible"].sum()),
            "cost": float(listed["cost"].sum()),
            "expected_gain": float(listed["expected_gain"].sum()),
            "why_not": listed["why_not"].value_counts().to_dict(),
        },
        "worth_of_the_top_decile_at_effect_0.2_cost_10": worth.model_dump(),
    }


def main() -> None:
    """Print all figures."""
    schema = read_schema(ROOT / "conf/base/schemas/telco.yml")
    sample, table = (Path(name) for name in (*sys.argv[1:3], "-", "-")[:2])
    seeds = sys.argv[3] if len(sys.argv) > 3 else "3"
    figures = {
        "definition": definition(ValueOptions()).en,
        "repeat_purchase": repeat_purchase(sample) if sample.is_file() else None,
        "survival": real_survival(table, schema) if table.is_file() else None,
        "demo": [demo(seed, schema) for seed in range(7, 7 + int(seeds))],
    }
    print(json.dumps(figures, indent=1, default=float))


if __name__ == "__main__":
    main()
