"""Callbacks to which long-running work reports its progress."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[float, float], None]
"""Called with the amount done and the total, in any unit."""

StepProgress = Callable[[str, float, float], None]
"""Called with the step that is running, the amount of it done and its total."""


def no_progress(done: float, total: float) -> None:
    """Ignore progress."""


def no_step_progress(step: str, done: float, total: float) -> None:
    """Ignore the progress of steps."""
