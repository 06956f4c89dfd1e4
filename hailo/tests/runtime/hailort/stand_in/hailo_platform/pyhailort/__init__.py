"""A stand-in for tests: where the vendor keeps its binding."""
