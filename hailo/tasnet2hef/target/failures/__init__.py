"""What the compiler's failures mean: one file per signature under ``signatures``, found by its being there."""
