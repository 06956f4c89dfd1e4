"""Signatures of failures; every module holds one, as ``SIGNATURE``."""
