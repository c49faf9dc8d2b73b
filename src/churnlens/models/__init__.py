"""Models: what they are, how they come here, and how they read and write text."""
