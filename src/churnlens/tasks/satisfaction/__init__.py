"""Task satisfaction: how satisfied each turn of a dialogue is, and who must be told early."""
