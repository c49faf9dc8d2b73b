"""One module a file format: rows out of a text, and a dialogue out of a row."""
