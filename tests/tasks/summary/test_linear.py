"""The regression is scikit-learn's, its file is JSON, and folds keep groups apart."""

import json

import numpy as np
import pytest

from churnlens.tasks.summary.linear import Case, Linear, fit, fit_table, hashed, out_of_fold

BAD, GOOD = "this is terrible and late", "thank you so much for it"


def cases(texts):
    return [Case({"said": text}, {"long": len(text) / 30}) for text in texts]


def test_it_is_the_regression_of_scikit_learn():
    from sklearn.linear_model import LogisticRegression

    texts = [BAD, GOOD, BAD + " again", GOOD + " agent", "terrible", "thank"]
    labels = np.array([True, False] * 3)
    table = hashed(cases(texts))
    judge = LogisticRegression(C=10, solver="liblinear", random_state=0).fit(table, labels)
    expected = judge.predict_proba(table)[:, 1]
    assert fit_table(table, labels).probability(cases(texts)) == pytest.approx(expected, abs=1e-3)


def test_it_is_kept_as_json():
    model = fit(cases([BAD, GOOD]), [True, False])
    again = Linear.model_validate(json.loads(model.model_dump_json()))
    assert (again.probability(cases([BAD])) == model.probability(cases([BAD]))).all()
    assert "terrible" not in model.model_dump_json()


def test_labels_of_one_kind_need_no_regression():
    assert fit(cases([BAD, GOOD]), [True, True]).probability(cases(["x"]))[0] > 0.99
    assert fit(cases([BAD, GOOD]), [False, False]).probability(cases(["x"]))[0] < 0.01


def test_parts_digits_and_case_of_letters():
    def row(name, text):
        return hashed([Case({name: text}, {})])

    assert (row("a", "Paid 123") != row("a", "paid 456")).nnz == 0
    assert (row("a", "Paid 123") != row("b", "Paid 123")).nnz > 0


def test_cases_together_have_the_features_of_each_alone():
    cases = [Case({"unit": each, "before": GOOD}, {"short": 1.0}) for each in (GOOD, BAD, "", BAD)]
    alone = [hashed([each]).toarray()[0] for each in cases]
    assert (hashed(cases).toarray() == alone).all()


def test_no_fold_is_judged_by_weights_that_saw_its_group():
    texts = [f"{chr(97 + n % 26)}{n // 26 * 'x'}word common" for n in range(40)]
    labels = np.arange(40) % 2 == 0
    groups = [str(n) for n in range(40)]
    table = hashed([Case({"said": text}, {}) for text in texts])
    inside = fit_table(table, labels).score(table) > 0
    outside = out_of_fold(table, labels, groups) > 0.5
    assert (inside == labels).mean() == 1  # learned by heart
    assert (outside == labels).mean() < 0.75  # and of no use elsewhere


def test_rare_answers_can_weigh_more():
    texts = [BAD] * 2 + [GOOD] * 40 + [BAD] * 4
    labels = [True] * 2 + [False] * 44
    plain = fit(cases(texts), labels).probability(cases([BAD]))[0]
    weighed = fit(cases(texts), labels, balanced=True).probability(cases([BAD]))[0]
    assert weighed > 0.5 > plain
