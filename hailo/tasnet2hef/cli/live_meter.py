"""A level meter of the sources on stderr during a live session, and the keys that choose among them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from rich.live import Live
from rich.text import Text

from tasnet2hef.cli import show
from tasnet2hef.cli.keys import pressed_keys

if TYPE_CHECKING:
    from tasnet2hef.runtime.live.controls import Controls
    from tasnet2hef.runtime.live.summary import LiveState

LOWEST_DBFS: Final = -60.0
BAR_CELLS: Final = 40


@contextmanager
def live_meter(controls: Controls, n_src: int) -> Iterator[Callable[[LiveState], bool]]:
    """Yield the state callback of a session: it draws, applies keys, and returns False after ``q``."""
    console = show.error_console()
    with pressed_keys() as keys, Live(console=console, transient=True, auto_refresh=False) as screen:

        def on_state(state: LiveState) -> bool:
            keep_running = True
            for key in keys():
                keep_running = controls.press(key, n_src) and keep_running
            if console.is_terminal:
                screen.update(picture(state, controls), refresh=True)
            return keep_running

        yield on_state


def picture(state: LiveState, controls: Controls) -> Text:
    """Draw a bar for each source; the one that is played is marked."""
    chosen = None if controls.bypass else controls.source
    lines = [
        f"{'>' if number == chosen else ' '} {number} {bar(level)} {level:5.0f} dB"
        for number, level in enumerate(state.levels, start=1)
    ]
    played = "the microphone itself" if controls.bypass else f"source {controls.source}"
    lines.append(f"{state.seconds:.0f} s, {played}; {state.overruns} overruns, {state.underruns} underruns")
    lines.append(f"keys: 1 to {len(state.levels)} source, b bypass, q quit")
    return Text("\n".join(lines))


def bar(level_dbfs: float) -> str:
    """Draw a level between -60 and 0 dBFS.

    >>> bar(-60.0).count("#"), bar(0.0).count("#"), len(bar(-30.0))
    (0, 40, 40)
    """
    share = min(1.0, max(0.0, 1 - level_dbfs / LOWEST_DBFS))
    return ("#" * round(BAR_CELLS * share)).ljust(BAR_CELLS, ".")
