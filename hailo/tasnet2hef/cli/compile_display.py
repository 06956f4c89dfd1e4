"""Shows a run while it goes on: one living line on a terminal, plain lines where output is piped."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.live import Live
from rich.text import Text

from tasnet2hef.compiler.run_record import StageRecord

QUIET_SECONDS: Final = 60.0
"""Between two lines of a working stage where output is piped."""
_MINUTE: Final = 60
_MARGIN: Final = 32


class StageDisplay:
    """Writes to stderr, so that JSON on stdout stays clean."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)
        self._live: Live | None = None
        self._stage = ""
        self._told = 0.0

    def started(self, stage: str, log: Path) -> None:
        """Say that a stage begins."""
        self._stage, self._told = stage, 0.0
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
        elif elapsed - self._told >= QUIET_SECONDS:
            self._told = elapsed
            self._print(f"{self._stage}: {clock(elapsed)}  {line}")

    def ended(self, record: StageRecord) -> None:
        """Say how the stage ended."""
        self.close()
        how = (
            "done"
            if record.done
            else f"FAILED ({record.failure.signature if record.failure else 'unknown'}, {record.ended})"
        )
        earlier = ", as an earlier run had it (same inputs)" if record.reused else ""
        self._print(f"{record.stage}: {how} in {clock(record.seconds)}{earlier}")

    def note(self, text: str) -> None:
        """Say something else."""
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
