"""Child processes under supervision: limits, process table, lock and log."""
