"""How long work is shown on stderr: spinners, bars, and a line for each event where output is piped."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import (
    Progress as Bars,
)
from rich.text import Text

from tasnet2hef.base.outcome import NO_COMPILER
from tasnet2hef.base.progress import Progress, StepProgress
from tasnet2hef.base.text import one_line
from tasnet2hef.cli.show import error_console

if TYPE_CHECKING:
    from tasnet2hef.compiler.run_record import StageRecord
    from tasnet2hef.diagnose.reduce.journal import Attempt
    from tasnet2hef.train.loop import TrainingProgress

QUIET_SECONDS: Final = 60.0
"""Between two lines of a working stage where output is piped."""
_LEAST_SHARE: Final = 1e-3
"""Of the whole work: smaller steps are not shown, for the time left is told from the size of the last ones."""
_MINUTE: Final = 60
_MARGIN: Final = 32
_LINE_LENGTH: Final = 60


@contextmanager
def waiting(label: str) -> Iterator[None]:
    """Show on stderr that a block of unknown length runs."""
    with error_console().status(escape(one_line(label))):
        yield


@contextmanager
def progress_bar(label: str) -> Iterator[Progress]:
    """Show a progress bar on stderr while a block runs; yields ``advance(done, total)``."""
    shown_on = error_console()
    with Bars(console=shown_on, transient=True, disable=not shown_on.is_terminal) as bars:
        bar = bars.add_task(escape(one_line(label)), total=None)
        shown = 0.0

        def advance(done: float, total: float) -> None:
            nonlocal shown
            if done < total and 0 < done - shown < total * _LEAST_SHARE:
                return
            shown = done
            bars.update(bar, completed=done, total=total)

        yield advance


@contextmanager
def step_progress() -> Iterator[StepProgress]:
    """Show one progress bar a step on stderr."""
    shown_on = error_console()
    with Bars(*_counting(), console=shown_on, transient=True, disable=not shown_on.is_terminal) as bars:
        tasks = {}

        def update(step: str, done: float, total: float) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(step, total=None)
            bars.update(tasks[step], completed=done, total=total)

        yield update


def _counting() -> tuple[ProgressColumn, ...]:
    """Return the columns of a bar that counts: what is done of how much, and the time left."""
    return TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()


class StageDisplay:
    """Writes to stderr, so that JSON on stdout stays clean."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or error_console(soft_wrap=True)
        self._live: Live | None = None
        self._stage = ""
        self._printed = 0.0

    def started(self, stage: str, log: Path) -> None:
        """Show that a stage begins."""
        self._stage, self._printed = stage, 0.0
        if self._console.is_terminal:
            self._live = Live(console=self._console, transient=True, refresh_per_second=4)
            self._live.start()
        else:
            self._print(f"{stage}: started {time.strftime('%H:%M:%S')}; log: {log}")

    def working(self, elapsed: float, line: str) -> None:
        """Show the time and the compiler's last line."""
        if self._live is not None:
            width = max(20, self._console.width - _MARGIN)
            self._live.update(Text(f"{self._stage:<10} {clock(elapsed):>9}  {line[:width]}"))
        elif elapsed - self._printed >= QUIET_SECONDS:
            self._printed = elapsed
            self._print(f"{self._stage}: {clock(elapsed)}  {line}")

    def ended(self, record: StageRecord) -> None:
        """Print how the stage ended."""
        self.close()
        if record.failure is not None and record.failure.signature == NO_COMPILER:
            self._print("compiler: not found")
            return
        how = (
            "done"
            if record.done
            else f"FAILED ({record.failure.signature if record.failure else 'unknown'}, {record.ended})"
        )
        earlier = ", as an earlier run had it (same inputs)" if record.reused else ""
        self._print(f"{record.stage}: {how} in {clock(record.seconds)}{earlier}")

    def note(self, text: str) -> None:
        """Print a note."""
        self._print(f"note: {text}")

    def close(self) -> None:
        """Take the living line away."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _print(self, text: str) -> None:
        self._console.print(text, markup=False)


def clock(seconds: float) -> str:
    """Return a time for reading.

    >>> clock(9.25), clock(3725)
    ('9.2 s', '1:02:05')
    """
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


class ReduceProgressBar:
    """Writes to stderr, so that JSON on stdout stays clean."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or error_console(soft_wrap=True)
        self._bars = Bars(
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


class ProbeDisplay:
    """Writes to stderr, so that JSON on stdout stays clean: a bar, or a line for each answer where piped."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or error_console(soft_wrap=True)
        self._bars = Bars(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[line]}", markup=False),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._bar = self._bars.add_task("the compiler's version", total=None, line="")
        self._bars.start()

    def asking(self, case: str, stage: str, number: int, total: int) -> None:
        """Show the case, and how many of the stage's cases came before it."""
        self._bars.update(self._bar, description=f"{stage} {case}", completed=number - 1, total=total, line="")

    def answered(self, case: str, stage: str, answer: str) -> None:
        """Print an answer where output is piped."""
        if not self._console.is_terminal:
            self._console.print(f"{stage} {case}: {answer}", markup=False)

    def started(self, stage: str, log: Path) -> None:
        """Show nothing: `asking` did."""

    def working(self, elapsed: float, line: str) -> None:
        """Show the last line of the compiler's output."""
        self._bars.update(self._bar, line=line[:_LINE_LENGTH])

    def ended(self, record: StageRecord) -> None:
        """Show nothing: `answered` does."""

    def note(self, text: str) -> None:
        """Show nothing: the notes of the stages are about runs of `compile`."""

    def close(self) -> None:
        """Remove the bar."""
        self._bars.stop()


@contextmanager
def training_progress(console: Console, done: int, steps: int) -> Iterator[TrainingProgress]:
    """Yield the callback for ``train``; ``done`` of ``steps`` steps are done already."""
    started, losses = time.monotonic(), list[float]()
    with Bars(*_counting(), console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("training", total=steps, completed=done)

        def update(step: int, loss_db: float, score: float | None) -> None:
            losses.append(loss_db)
            bar.update(task, completed=step, description=f"training, loss {loss_db:5.1f} dB")
            if score is not None:
                mean_db, minutes = sum(losses) / len(losses), (time.monotonic() - started) / 60
                losses.clear()
                line = (
                    f"step {step}: loss {mean_db:.2f} dB, validation improvement {score:.2f} dB, {minutes:.1f} min"
                )
                bar.console.print(line, highlight=False)

        yield update
