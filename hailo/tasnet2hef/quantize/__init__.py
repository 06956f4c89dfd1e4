"""8-bit simulation before the compiler runs: calibration sets, quantisation at the compiler's own borders, and the
search for 16-bit layers."""
