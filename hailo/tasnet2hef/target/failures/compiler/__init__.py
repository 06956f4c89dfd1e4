"""What can go wrong in the compiler: one table a stage, as ``SIGNATURES``."""
