"""How files of each format go wrong."""
