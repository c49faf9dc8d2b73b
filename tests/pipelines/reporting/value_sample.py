"""Figures of models of value, as `evaluate_values` writes them."""

from churnlens.tasks.clv.arms import arms

POINT = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 100}
NAMES = ("normalised_gini", "decile_mape", "total_bias", "mae")
SEGMENTS = [
    {"segment": "champions", "customers": 2, "clv": 90.0, "mean_clv": 45.0, "value_at_risk": 3.0},
    {"segment": "lost", "customers": 1, "clv": 0.0, "mean_clv": 0.0, "value_at_risk": 0.0},
]


def value_metrics(arm="survival", best="stack"):
    models = [
        {"model": name, "metrics": dict.fromkeys(NAMES, POINT), "deciles": [[4.0, 5.0], [1.0, 0.0]]}
        for name in arms(arm)
    ]
    difference = {"difference": POINT, "p_value": 0.01}
    curve = [{"customers": 0.0, "spend": 0.0}, {"customers": 1.0, "spend": 1.0}]
    return {
        "kind": "contract" if arm == "survival" else "repeat",
        "currency": "USD",
        "definition": {"en": "CLV over 36 months", "zh": "36 个月的价值"},
        "scores": {
            "customers": 100,
            "days": 90,
            "share_of_zeros": 0.3,
            "best": best,
            "weights": {arm: 1.0, "tweedie": 0.0},
            "deviances": {"stack": 4.0},
            "models": models,
            "comparisons": [
                {"metric": "decile_mape", "first": "stack", "second": arm, "result": difference}
            ],
            "coverage": POINT,
        },
        "curves": dict.fromkeys(["perfect", best, arm, "mean_rate"], curve),
        "importance": {"idle_weeks": 0.4, "at Contract=Two year": 0.3, "at MonthlyCharges": 0.2},
        "segments": SEGMENTS,
        "survival": [
            {
                "model": "cox",
                "concordance": difference,
                "largest_gap": 3.2,
                "not_observed": [24, 36],
            }
        ]
        if arm == "survival"
        else None,
        "recovery": None,
    }


REPORT = {
    "trade": "retail",
    "kept": 9,
    "rows": 10,
    "customers": 3,
    "first": "2025-01-01",
    "last": "2025-12-01",
    "excluded": {"bad_date": 1, "no_customer": 0},
    "split": {"train": ["2025-04-01", "2025-07-01"], "test": "2025-10-01"},
}
