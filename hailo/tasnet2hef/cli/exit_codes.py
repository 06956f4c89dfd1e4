"""The exit codes besides those that the errors carry."""

from __future__ import annotations

BAD_USE = 2
MISTAKE = 70
"""A failure that is our mistake: the EX_SOFTWARE of sysexits.h."""
STOPPED = 130
"""Stopped by Ctrl-C: 128 plus the number of SIGINT; after another signal it is 128 plus that one's."""
SIGNAL_BASE = 128
"""A process that a signal ended has this exit code plus the signal's number, as shells count."""
