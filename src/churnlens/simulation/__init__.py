"""Demo data with planted truth: simulators that know what an analysis should find.

`simulate_customers` is the task ``churn``, `simulate_dialogues` the tasks ``satisfaction`` and
``summary``. Nothing here imports the rest of churnlens.
"""

from churnlens.simulation.churn import ChurnDemo, simulate_customers
from churnlens.simulation.dialogues import DialogueDemo, plain_rows, simulate_dialogues

__all__ = ["ChurnDemo", "DialogueDemo", "plain_rows", "simulate_customers", "simulate_dialogues"]
