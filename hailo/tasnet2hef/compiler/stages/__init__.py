"""The stages of a compile, each in a process of its own."""
