"""Failures of the compiler: one table per stage, as ``SIGNATURES``."""
