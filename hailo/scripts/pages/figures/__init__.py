"""One file per picture, found by its name; each has a function ``draw``."""
