"""Explains failures of the compiler and of HailoRT: tables of signatures, which are matched with a text."""
