"""One file a topic: each turns what was found on this machine into diagnoses, in a function ``diagnose``."""
