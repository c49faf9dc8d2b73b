"""A service dialogue in four fields: problem, solution, whether it was accepted, and emotion."""
