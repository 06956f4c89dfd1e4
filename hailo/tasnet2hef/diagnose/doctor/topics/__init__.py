"""One file per topic: each diagnoses some of the facts about this machine, in a function ``diagnose``."""
