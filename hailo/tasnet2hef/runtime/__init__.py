"""Separation of audio files with an exported graph; imports no torch."""
