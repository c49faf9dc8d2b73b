"""Fixtures of the question bench."""

import pytest

from churnlens.evaluation.question_bench import generate, read_bench
from evaluation.bench_support import raw_bench, real_table, synthetic_table


@pytest.fixture(scope="session")
def bench():
    return read_bench(raw_bench())


@pytest.fixture(scope="session")
def questions(bench):
    return generate(bench, "dev") + generate(bench, "held_out")


@pytest.fixture(scope="session", params=[synthetic_table, real_table])
def table(request):
    return request.param()
