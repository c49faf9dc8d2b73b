"""A tuned model as files that other programs run, each compared with the adapter it came from."""
