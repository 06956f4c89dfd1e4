"""What is known of the compiler and the chip; nothing here needs either."""
