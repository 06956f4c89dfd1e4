"""Norms that stream: statistics are replaced by constants (freeze), and training recovers the loss (distil)."""
