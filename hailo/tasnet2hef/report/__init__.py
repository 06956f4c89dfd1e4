"""The report page: the results of a run's steps, saved as facts and shown as one self-contained file."""
