"""Calibration sets: drawing, writing and reading them."""
