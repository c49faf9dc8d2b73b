"""From a question to evidence: filter, cohort, drivers, themes, brief and checks."""
