"""What differs from task to task: rows, output contract, metrics."""
