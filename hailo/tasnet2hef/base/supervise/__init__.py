"""Child processes under supervision: limits, the processes of a run, lock and log."""
