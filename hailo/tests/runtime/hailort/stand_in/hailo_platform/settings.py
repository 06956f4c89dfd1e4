"""A stand-in for tests: what the tests ask of it. ``fail`` maps a call to the class and words that it raises."""

from __future__ import annotations

import json
import os
from typing import Any

SETTINGS: dict[str, Any] = json.loads(os.environ.get("STAND_IN_HAILORT", "{}"))
VERSION = tuple(int(part) for part in SETTINGS.get("version", "4.23.0").split(".")[:2])


class HailoRTException(Exception):
    """As the vendor's."""


class HailoRTTimeout(HailoRTException):
    """As the vendor's."""


class HailoRTStreamAborted(HailoRTException):
    """As the vendor's."""


def strike(call: str) -> None:
    """Raise what was asked for at a call."""
    asked = SETTINGS.get("fail", {}).get(call)
    if asked:
        kind, words = asked
        raise {each.__name__: each for each in (HailoRTTimeout, HailoRTStreamAborted)}.get(kind, HailoRTException)(
            words
        )
