"""Runs an exported graph: backends, streaming, files and live audio; imports no torch."""
