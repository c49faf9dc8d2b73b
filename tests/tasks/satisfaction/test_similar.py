import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churnlens.retrieval.dense import build_index
from churnlens.tasks.satisfaction.reason_head import ReasonHead
from churnlens.tasks.satisfaction.similar import Asked, CaseLibrary, similar_cases

AXES = np.eye(4, dtype=np.float32)


def library(rows, vectors, head=None, weight=0.2) -> CaseLibrary:
    documents = pd.DataFrame(rows, columns=["dialogue", "customer", "reason"])
    return CaseLibrary(documents, build_index(np.array(vectors, np.float32)), head, weight)


def head_for(reasons, axis) -> ReasonHead:
    """Return a head that is nearly sure of the first reason along an axis."""
    return ReasonHead(tuple(reasons), np.stack([9 * AXES[axis], -9 * AXES[axis]]), np.zeros(2))


def test_the_nearest_come_first_with_cosine_and_reason():
    cases = library(
        [("A", "c1", "price"), ("B", "c2", ""), ("C", "c3", "outage")],
        [AXES[0], AXES[0] + AXES[1], AXES[1]],
    )
    (found,) = similar_cases(cases, [Asked("new", "c9", 3 * AXES[0])], k=2)
    assert [(case.dialogue, case.reason) for case in found] == [("A", "price"), ("B", "")]
    assert [case.similarity for case in found] == pytest.approx([1, 2**-0.5], abs=1e-3)


def test_neither_the_dialogue_nor_the_customer_comes_back():
    cases = library(
        [("A", "c1", ""), ("B", "c1", ""), ("C", "c2", ""), ("D", "", "")], [AXES[0]] * 4
    )
    found = similar_cases(
        cases, [Asked("A", "c1", AXES[0]), Asked("C", "", AXES[0]), Asked("x", "c2", AXES[0])]
    )
    assert [[case.dialogue for case in each] for each in found] == [
        ["C", "D"],
        ["A", "B", "D"],
        ["A", "B", "D"],
    ]


def test_nobody_else_is_nothing():
    assert similar_cases(library([("A", "c1", "")], [AXES[0]]), [Asked("B", "c1", AXES[0])]) == [()]


def test_a_likely_reason_goes_before_a_little_more_likeness():
    rows = [("A", "c1", "price"), ("B", "c2", "outage"), ("C", "c3", "")]
    vectors = [AXES[0] + 0.1 * AXES[1], AXES[0] + 0.2 * AXES[1], AXES[0] + 0.3 * AXES[1]]
    asked = [Asked("new", "", AXES[0])]

    def order(weight):
        cases = library(rows, vectors, head_for(("outage", "price"), 0), weight)
        return [case.dialogue for case in similar_cases(cases, asked)[0]]

    assert order(0.0) == ["A", "B", "C"]
    assert order(0.2) == ["B", "C", "A"]  # what has no label is not taken for the unlikely reason


def test_an_index_of_other_documents_is_refused():
    with pytest.raises(ValueError, match="got 2 vectors and 1 cases"):
        library([("A", "c1", "")], AXES[:2])


@settings(max_examples=30)
@given(st.lists(st.tuples(st.sampled_from("ABC"), st.integers(0, 3)), min_size=1, max_size=12))
def test_whatever_is_asked_strangers_answer(rows):
    cases = library(
        [(f"D{n}", customer, "") for n, (customer, _) in enumerate(rows)],
        [AXES[axis] for _, axis in rows],
    )
    for n, (customer, axis) in enumerate(rows):
        (found,) = similar_cases(cases, [Asked(f"D{n}", customer, AXES[axis])], k=3)
        owners = [rows[int(case.dialogue[1:])][0] for case in found]
        assert customer not in owners
        assert len(found) == min(3, sum(other != customer for other, _ in rows))
