"""What can go wrong in HailoRT or at its device: tables of ``SIGNATURES``."""
