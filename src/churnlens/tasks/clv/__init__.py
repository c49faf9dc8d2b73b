"""Task clv: what a customer is worth over the coming months, with its interval."""
