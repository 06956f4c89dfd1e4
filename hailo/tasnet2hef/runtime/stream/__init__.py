"""Long audio through a graph of fixed shape: windows, halos, chunks and columns."""
