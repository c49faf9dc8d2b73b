"""Demo data with planted truth: simulators that know what an analysis should find.

`simulate_customers` is the task ``churn``, `simulate_dialogues` the tasks ``satisfaction`` and
``summary``, `simulate_ledger` the task ``clv``. Nothing here imports the rest of churnlens.
"""

from churnlens.simulation.churn import ChurnDemo, simulate_customers
from churnlens.simulation.dialogues import DialogueDemo, plain_rows, simulate_dialogues
from churnlens.simulation.ledger import LedgerDemo, simulate_ledger

__all__ = [
    "ChurnDemo",
    "DialogueDemo",
    "LedgerDemo",
    "plain_rows",
    "simulate_customers",
    "simulate_dialogues",
    "simulate_ledger",
]
