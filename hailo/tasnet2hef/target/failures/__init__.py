"""What failures of the compiler and of HailoRT mean: tables of signatures, and how a text is matched with them."""
