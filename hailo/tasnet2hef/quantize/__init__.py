"""What 8 bits cost, before the compiler runs: calibration sets, simulation of its
rounding, search for the layers that need 16 bits."""
