"""How weights are named: one module per layout, discovered. See `stored.Layout`."""
