"""One folder a stage: node functions, and their wiring."""
