"""A head on an encoder or language model that turns a text into a class, a rank or a number."""
