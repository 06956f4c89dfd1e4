"""Audio in memory and in files: reading, writing, resampling, levels, gains and metrics."""
