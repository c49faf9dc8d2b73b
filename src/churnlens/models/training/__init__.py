"""A language model tuned on rows of messages: faults first, answers only, never a step lost."""
