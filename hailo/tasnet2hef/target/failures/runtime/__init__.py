"""Failures of HailoRT and its device: tables of ``SIGNATURES``."""
