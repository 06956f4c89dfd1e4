"""What is installed where, whether it fits together, and what to do about it."""
