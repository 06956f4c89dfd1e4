"""Train, evaluate and save the small demo network on the telephone prompts that Debian ships."""
