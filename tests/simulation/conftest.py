from __future__ import annotations

import pytest

from churnlens.simulation import ChurnDemo, simulate_customers


@pytest.fixture(scope="session")
def demo() -> ChurnDemo:
    """The default demo data."""
    return simulate_customers()


@pytest.fixture(scope="session")
def large() -> ChurnDemo:
    """Enough rows for odds ratios of rare things."""
    return simulate_customers(60_000, seed=1)
