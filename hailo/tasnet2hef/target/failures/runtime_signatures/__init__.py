"""What goes wrong at a device: one file a failure, by its words or class, found by being here."""
