"""What 8 bits cost, before the compiler runs: calibration sets, simulation at the compiler's own borders,
search."""
