"""Demo service dialogues with planted satisfaction, reason, outcome and summary."""

from churnlens.simulation.dialogues.demo import DialogueDemo, simulate_dialogues

__all__ = ["DialogueDemo", "simulate_dialogues"]
