"""Norms that stream: statistics replaced by constants (freeze), and what that costs won back (distil)."""
