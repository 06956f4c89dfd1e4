"""The command line: one file per command, found by its name; each has a function ``command``."""
