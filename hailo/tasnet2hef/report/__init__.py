"""The report page: what every stage of a run told, kept as facts and shown as one self-contained file."""
