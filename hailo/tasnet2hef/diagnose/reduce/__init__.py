"""Reduces a graph on which a command fails to the smallest one on which it still fails in the same way."""
