"""The sizing page says what the measured costs of a customer say, and no more."""

import importlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churnlens.retrieval import build_index

FOLDER = Path(__file__).parents[2] / "benchmarks"
FOUND = {
    "sizes": [
        {"rows": 7_000, "total": 0.5, "peak_gib": 0.25, "embedding_per_1000": 3.6},
        {
            "rows": 700_000,
            "total": 0.36,
            "peak_gib": 7.18,
            "index_bytes": 400.0,
            "search_bytes": 2_000.0,
        },
    ]
}


@pytest.fixture
def load(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    return importlib.import_module


def cells(page, found=FOUND):
    return {
        line.split(" | ")[0].strip("| "): line.strip("| ").split(" | ")
        for line in page.sizing_table(found)[2:]
    }


def test_a_million_customers_take_what_the_costs_say(load, monkeypatch):
    page = load("page")
    monkeypatch.setattr(page, "SIZES", (700_000, 10**6, 10**8))
    rows = cells(page)
    assert rows["1,000,000"] == [
        "1,000,000",
        "0.1",  # 0.36 s a thousand
        "1.0",  # 3.6 s a thousand
        "1,954",  # of 512 texts
        "IVF4000,SQ8",
        "0.4",
        "1.9",
        "10",
    ]
    assert rows["700,000"][-1] == "7"  # what was measured there
    assert rows["100,000,000"][-1] == "1000, **divide the table**"


def test_the_index_of_small_tables_says_nothing_about_large_ones(load):
    small = {"sizes": [FOUND["sizes"][0], FOUND["sizes"][1] | {"rows": 20_000}]}
    assert cells(load("page"), small)["1,000,000"][5:7] == ["–", "–"]


def test_held_bytes_are_of_index_vectors_and_postings(load):
    vectors = np.random.default_rng(1).normal(size=(1_000, 32)).astype(np.float32)
    lists = [np.zeros(500, np.int32), np.zeros(250, np.int32)]
    words = pd.DataFrame({"positions": lists, "weights": [each.astype(float) for each in lists]})
    held = load("cost").held_bytes(build_index(vectors), vectors, words)
    assert held["index_bytes"] == pytest.approx(4 * 32, rel=0.01)
    assert held["search_bytes"] - held["index_bytes"] == pytest.approx(4 * 32 + 750 * 12 / 1_000)
