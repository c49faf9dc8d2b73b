"""Service dialogues: one form, readers, cleaning, splits, and review of their labels."""
