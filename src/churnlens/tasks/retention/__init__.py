"""Task retention: one table of whom to keep, joined from the other tasks by customer."""
