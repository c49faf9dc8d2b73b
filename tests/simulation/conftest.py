from __future__ import annotations

import pytest

from churnlens.simulation import ChurnDemo, DialogueDemo, simulate_customers, simulate_dialogues


@pytest.fixture(scope="session")
def demo() -> ChurnDemo:
    """The default demo data."""
    return simulate_customers()


@pytest.fixture(scope="session")
def large() -> ChurnDemo:
    """Enough rows for odds ratios of rare things."""
    return simulate_customers(60_000, seed=1)


@pytest.fixture(scope="session")
def talks() -> DialogueDemo:
    """Enough dialogues for the shares of what is common."""
    return simulate_dialogues(4000, seed=3)
