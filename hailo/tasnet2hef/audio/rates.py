"""The rates that recordings and devices may have: a header can claim any number."""

from __future__ import annotations

from tasnet2hef.base.errors import AudioError
from tasnet2hef.base.spec import LEAST_RATE, MOST_RATE


def require_rate(where: object, rate_hz: int) -> None:
    """Check a recording's or a device's rate in Hz.

    Raises:
        AudioError: it is none that audio has: windows of such a rate would have no samples, or billions.
    """
    if not LEAST_RATE <= rate_hz <= MOST_RATE:
        raise AudioError(
            f"{where}: found {rate_hz} Hz, expected {LEAST_RATE} to {MOST_RATE} Hz; its header is wrong, or it is "
            "no audio"
        )
