"""One file a chip."""
