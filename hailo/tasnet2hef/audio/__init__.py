"""Samples, audio files, level, gain and metrics."""
