"""Demo data with planted truth: simulators that know what an analysis should find.

`simulate_customers` is the task ``churn``. Nothing here imports the rest of churnlens.
"""

from churnlens.simulation.churn import ChurnDemo, simulate_customers

__all__ = ["ChurnDemo", "simulate_customers"]
