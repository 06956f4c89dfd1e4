"""One file per command: ``command`` is what Typer calls, its docstring the help."""
