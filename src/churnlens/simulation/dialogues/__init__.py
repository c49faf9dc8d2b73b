"""Demo service dialogues with planted satisfaction, reason, outcome and summary."""

from churnlens.simulation.dialogues.demo import DialogueDemo, simulate_dialogues
from churnlens.simulation.dialogues.rows import plain_rows

__all__ = ["DialogueDemo", "plain_rows", "simulate_dialogues"]
