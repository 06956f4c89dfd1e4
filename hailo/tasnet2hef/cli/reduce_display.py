"""Shows the progress of a reduction: a bar on a terminal, a line for each smaller graph where output is piped."""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tasnet2hef.diagnose.reduce.journal import Attempt

_LINE_LENGTH: Final = 60


class ReduceProgressBar:
    """Writes to stderr, so that JSON on stdout stays clean."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)
        self._bars = Progress(
            TextColumn("{task.fields[nodes]} nodes"),
            BarColumn(),
            TextColumn("attempt {task.completed} of at most {task.total}, {task.description}", markup=False),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._bar = self._bars.add_task("the original", total=None, nodes="?")
        self._change = ""

    def started(self, plan: str, budget: int) -> None:
        """Print what will be done."""
        self._console.print(plan, markup=False)
        self._bars.update(self._bar, total=budget)
        self._bars.start()

    def trying(self, number: int, change: str) -> None:
        """Show the attempt's number and what it changes."""
        self._change = change
        self._bars.update(self._bar, completed=number, description=change)

    def working(self, elapsed: float, line: str) -> None:
        """Show the last line of the command's output."""
        self._bars.update(self._bar, description=f"{self._change}: {line[:_LINE_LENGTH]}")

    def reduced(self, attempt: Attempt) -> None:
        """Show the new size; where output is piped, print it."""
        self._bars.update(self._bar, nodes=attempt.nodes)
        if not self._console.is_terminal:
            self._console.print(
                f"attempt {attempt.number}: {attempt.nodes} nodes ({attempt.change})", markup=False
            )

    def close(self) -> None:
        """Remove the bar."""
        self._bars.stop()
