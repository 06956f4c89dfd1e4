"""Reduces a graph that some command refuses to the smallest one that it still refuses in the same way."""
