"""Comparison of two runs: what changed, and whether it is better."""
