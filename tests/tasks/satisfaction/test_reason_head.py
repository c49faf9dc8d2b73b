import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from churnlens.tasks.satisfaction.reason_head import ReasonHead, fit_reason_head


def clouds(names, each=20, seed=1):
    """Return unit vectors around one direction a name, and the names."""
    rng = np.random.default_rng(seed)
    centres = {name: rng.normal(size=8) for name in dict.fromkeys(names)}
    rows = [centres[name] + 0.3 * rng.normal(size=8) for name in names for _ in range(each)]
    vectors = np.array(rows)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True), list(np.repeat(names, each))


@pytest.mark.parametrize("names", [["price", "quality"], ["price", "quality", "outage"]])
def test_it_is_scikit_learns_model_as_plain_numbers(names):
    vectors, reasons = clouds(names)
    head = fit_reason_head(vectors, reasons)
    centre = vectors.mean(axis=0)
    scaled = (vectors - centre) / np.linalg.norm(vectors - centre, axis=1).mean()
    model = LogisticRegression(C=10, max_iter=500, class_weight="balanced").fit(scaled, reasons)
    assert head.reasons == tuple(model.classes_)
    np.testing.assert_allclose(
        head.probabilities(vectors), model.predict_proba(scaled), rtol=1e-5, atol=1e-8
    )


def test_the_table_is_the_head():
    head = fit_reason_head(*clouds(["price", "quality", "outage"]))
    again = ReasonHead.from_table(head.to_table())
    vectors, _ = clouds(["price"], seed=2)
    np.testing.assert_array_equal(again.probabilities(vectors), head.probabilities(vectors))
    assert again.reasons == head.reasons


def test_rare_and_missing_reasons_are_not_learned():
    vectors, reasons = clouds(["price", "quality", "", "rare"])
    reasons = [r if r != "rare" or n >= len(reasons) - 4 else "" for n, r in enumerate(reasons)]
    assert fit_reason_head(vectors, reasons).reasons == ("price", "quality")


@pytest.mark.parametrize("names", [[""], ["price"], ["price", ""]])
def test_one_reason_is_no_choice(names):
    assert fit_reason_head(*clouds(names)) is None


def test_an_empty_table_is_no_head():
    assert ReasonHead.from_table(pd.DataFrame({"reason": [], "weights": [], "bias": []})) is None
