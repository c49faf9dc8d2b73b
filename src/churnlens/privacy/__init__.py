"""Personal data out of texts, orders out of documents, formulas out of cells."""
