"""Candidates: what the schema offers, their words, and which say something of their own."""

import numpy as np
import pandas as pd
import pytest

from churnlens.evidence.candidates import distinct_candidates, find_members, list_candidates
from churnlens.schema import parse_schema
from evidence.planted import gym_schema

CANDIDATES = {candidate.name: candidate for candidate in list_candidates(gym_schema())}


def test_every_value_and_band_once():
    names = [candidate.name for candidate in list_candidates(gym_schema())]
    assert len(names) == len(set(names))
    assert [name for name in names if "months" in name] == [
        "months<12",
        "12<=months<24",
        "24<=months<48",
        "months>=48",
    ]
    assert {"plan=monthly", "plan=yearly", "plan=lifetime", "club=none"} <= set(names)


def test_what_restates_another_column_or_is_no_driver_is_not_offered():
    assert "coach=no club" not in CANDIDATES
    assert not [name for name in CANDIDATES if name.startswith(("gone", "id"))]


@pytest.mark.parametrize(
    ("name", "en", "zh"),
    [
        ("months<12", "whose membership is below 12 months", "入会时长不足 12 个月"),
        ("12<=months<24", "whose membership is 12 to 23 months", "入会时长 12 至 23 个月"),
        ("months>=48", "whose membership is 48 months or more", "入会时长 48 个月及以上"),
        ("30<=fee<50", "whose fee is 30 to under 50 USD", "会费 30 及以上、不足 50 美元"),
        ("fee>=50", "whose fee is 50 USD or more", "会费 50 美元及以上"),
        ("plan=monthly", "plan monthly", "plan monthly"),
    ],
)
def test_labels_complete_the_sentence_customers(name, en, zh):
    label = CANDIDATES[name].label
    assert (label.en, label.zh) == (en, zh)


def test_one_month_is_singular_and_a_bare_number_has_no_unit():
    number = {"kind": "number", "label": {"en": "age", "zh": "年龄"}}
    schema = parse_schema(
        {
            "name": "x",
            "noun": {"en": "people", "zh": "人"},
            "key": "id",
            "outcome": dict(column="gone", left="1", stayed="0", left_words={}, stayed_words={}),
            "columns": [
                {"name": "id", "kind": "key", "label": {"en": "id", "zh": "编号"}},
                {"name": "gone", "kind": "text", "label": {"en": "gone", "zh": "流失"}},
                number | {"name": "wait", "unit": "month", "cuts": [1]},
                number | {"name": "age", "cuts": [30]},
                number | {"name": "plain"},
            ],
        }
    )
    labels = [candidate.label.en for candidate in list_candidates(schema)]
    assert labels == [
        "whose age is below 1 month",
        "whose age is 1 month or more",
        "whose age is below 30",
        "whose age is 30 or more",
    ]


def test_bands_part_the_numbers_and_borders_belong_above():
    table = pd.DataFrame({"months": [0.0, 11.0, 12.0, 23.0, 24.0, 48.0, 90.0]})
    bands = tuple(c for c in CANDIDATES.values() if c.column == "months")
    members = find_members(bands, table)
    assert members.sum(axis=1).tolist() == [1] * 7
    assert members.argmax(axis=1).tolist() == [0, 0, 1, 1, 2, 3, 3]


def test_no_candidates_no_members():
    assert find_members((), pd.DataFrame({"a": [1, 2]})).shape == (2, 0)


def test_constant_same_and_opposite_candidates_go():
    event = np.array([1, 1, 0, 0, 0, 1], dtype=bool)
    first = np.array([1, 1, 0, 0, 0, 0], dtype=bool)  # every member left
    three_level = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]])
    members = np.column_stack(
        [np.ones(6), np.zeros(6), ~first, first, first, three_level[:, 1:]]
    ).astype(bool)
    assert distinct_candidates(members, event).tolist() == [
        False,  # everybody
        False,  # nobody
        False,  # complement of the next, less frequent event
        True,
        False,  # the same as the one before
        True,
        True,
    ]


def test_of_two_complements_the_raising_one_stays_whatever_was_asked():
    members = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], dtype=bool)
    left = np.array([1, 0, 0, 0], dtype=bool)
    assert distinct_candidates(members, left).tolist() == [True, False]
    assert distinct_candidates(members, ~left).tolist() == [False, True]
    tie = np.array([1, 0, 1, 0], dtype=bool)
    assert distinct_candidates(members, tie).tolist() == [True, False]
