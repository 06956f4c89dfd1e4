"""Where weights come from: one module per kind of place, discovered. See `stored.Container`."""
