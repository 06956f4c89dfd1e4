"""Runs compiled programs (HEF) on a Hailo device through the vendor's runtime, HailoRT."""
