"""What is known of the compiler and its chips; neither is needed here."""
