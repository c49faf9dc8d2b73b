"""Task service: an assistant that answers customers from a policy handbook."""
