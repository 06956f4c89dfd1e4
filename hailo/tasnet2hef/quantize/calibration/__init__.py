"""Calibration sets: drawn, read and recorded."""
