"""Metrics shared by tasks, intervals around them and paired tests between them."""
