"""churnlens: decisions from customer tables, feedback and dialogues, with open models."""

__version__ = "0.1.0"
