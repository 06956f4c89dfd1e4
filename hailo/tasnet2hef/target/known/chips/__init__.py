"""One file for each chip, as ``CHIP``."""
