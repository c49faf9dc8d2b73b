"""How long work runs: in shards that are kept, with progress, and with a record per node."""
