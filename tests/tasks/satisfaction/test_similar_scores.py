import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from churnlens.retrieval.dense import build_index
from churnlens.tasks.satisfaction.similar_scores import CaseBench, score_similar_cases

REASONS = ("price", "quality", "outage")


def made(count, prefix, seed, shift=0.0):
    """Return dialogues whose vectors tell the scenario loudly and the reason softly."""
    rng = np.random.default_rng(seed)
    rows, vectors = [], []
    for number in range(count):
        reason, scenario = number % 3, number // 3 % 4
        vector = np.zeros(8)
        vector[3 + scenario] = 1
        vector[reason] = 0.5
        vectors.append(vector + 0.05 * rng.normal(size=8))
        rows.append((f"{prefix}{number}", f"{prefix}c{number}", REASONS[reason], f"s{scenario}"))
    frame = pd.DataFrame(rows, columns=["dialogue", "customer", "reason", "scenario"])
    frame["text"] = [f"{reason} words {scenario}" for _, _, reason, scenario in rows]
    return frame, np.array(vectors) / np.linalg.norm(vectors, axis=1, keepdims=True)


def bench(**changes) -> CaseBench:
    cases, vectors = made(120, "a", 1)
    queries, query_vectors = made(24, "b", 2)
    for name, value in changes.items():
        cases, queries = cases.assign(**{name: value}), queries.assign(**{name: value})
    return CaseBench(cases, vectors, build_index(vectors), queries, query_vectors)


def test_what_the_vectors_tell_is_found_also_in_a_scenario_never_met():
    scores = score_similar_cases(bench())
    assert (scores["queries"], scores["cases"], scores["k"]) == (24, 120, 5)
    for reading in ("customer", "scenario"):
        arms = scores[reading]
        assert arms["index"]["value"] == 1.0
        assert arms["index"]["n"] == 24
        assert arms["chance"]["value"] == pytest.approx(1 / 3, abs=0.02)
        assert arms["tfidf"]["value"] > 0.9


def test_words_are_compared_a_query_at_a_time():
    whole = bench()
    model = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True)
    cases = model.fit_transform(whole.cases["text"])
    expected = (model.transform(whole.queries["text"]) @ cases.T).toarray()
    assert whole.word_scores(7).shape == (120,)
    assert whole.word_scores(7) == pytest.approx(expected[7])


def test_vectors_that_tell_nothing_are_chance():
    whole = bench()
    noise = np.random.default_rng(3).normal(size=(144, 8))
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    deaf = CaseBench(whole.cases, noise[:120], build_index(noise[:120]), whole.queries, noise[120:])
    arms = score_similar_cases(deaf)["customer"]
    for arm in ("index", "vectors"):
        assert arms[arm]["low"] < 1 / 3 < arms[arm]["high"]


def test_a_case_of_the_same_scenario_never_counts_where_it_is_held_out():
    """Where a scenario has one reason, cases of others are all wrong."""
    cases, vectors = made(120, "a", 1)
    queries, query_vectors = made(24, "b", 2)
    frames = [f.assign(reason="r" + f["scenario"]) for f in (cases, queries)]
    scores = score_similar_cases(
        CaseBench(frames[0], vectors, build_index(vectors), frames[1], query_vectors)
    )
    assert scores["customer"]["vectors"]["value"] == 1.0
    assert {arm["value"] for arm in scores["scenario"].values()} == {0.0}


def test_cases_of_the_same_customer_never_count():
    """One customer has every case about the price, and asks about the price."""
    whole = bench()
    cases, queries = (
        frame.assign(customer=frame["customer"].where(frame["reason"] != "price", "one"))
        for frame in (whole.cases, whole.queries)
    )
    scores = score_similar_cases(
        CaseBench(cases, whole.vectors, whole.index, queries, whole.query_vectors)
    )
    assert scores["customer"]["vectors"]["value"] == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("changes", "customer", "scenario"),
    [({"reason": ""}, False, False), ({"scenario": ""}, True, False)],
)
def test_without_labels_there_is_no_figure(changes, customer, scenario):
    scores = score_similar_cases(bench(**changes))
    assert (scores["customer"] is not None) == customer
    assert (scores["scenario"] is not None) == scenario
