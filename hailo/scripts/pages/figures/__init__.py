"""One file a picture, found by its name; each has a function ``draw``."""
