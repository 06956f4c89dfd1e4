"""The page's colours in light and dark, with every pair that must be readable (WCAG 2.1 AA)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LIGHT: Final[Mapping[str, str]] = {
    "paper": "#ffffff",
    "panel": "#f4f5f7",
    "ink": "#1b1f24",
    "soft": "#545d68",
    "line": "#868e99",
    "link": "#0a58ca",
    "ok": "#1a6e35",
    "warning": "#8a5200",
    "error": "#b3261e",
    "series": "#2f6fb5",
    "conv": "#cfe2f8",
    "dw": "#c6ebe6",
    "join": "#fbe3bb",
    "norm": "#e5d9f7",
    "active": "#d5edcc",
    "shape": "#e3e5e8",
    "end": "#ffffff",
    "unsupported": "#f9cfcb",
}
DARK: Final[Mapping[str, str]] = {
    "paper": "#14171b",
    "panel": "#1e2227",
    "ink": "#e8eaed",
    "soft": "#a9b1bb",
    "line": "#737c87",
    "link": "#8ab8ff",
    "ok": "#6fd08c",
    "warning": "#f0b35b",
    "error": "#ff8f86",
    "series": "#6ea8e6",
    "conv": "#1d3f66",
    "dw": "#12504a",
    "join": "#5c4010",
    "norm": "#452e6b",
    "active": "#28501c",
    "shape": "#3a4048",
    "end": "#14171b",
    "unsupported": "#6b211c",
}
FAMILIES: Final = ("conv", "dw", "join", "norm", "active", "shape", "end", "unsupported")
TEXT_PAIRS: Final = (
    *(
        (text, ground)
        for text in ("ink", "soft", "link", "ok", "warning", "error")
        for ground in ("paper", "panel")
    ),
    *(("ink", family) for family in FAMILIES),
    ("paper", "ok"),
    ("paper", "warning"),
    ("paper", "error"),
)
"""Text and its background: a contrast of at least 4.5."""
MARK_PAIRS: Final = (("line", "paper"), ("series", "paper"), ("error", "paper"), ("warning", "paper"))
"""Marks and their background: a contrast of at least 3."""


def contrast(first: str, second: str) -> float:
    """Return the contrast of two colours, 1 to 21, as WCAG 2.1 defines it.

    >>> round(contrast("#000000", "#ffffff"), 1)
    21.0
    """
    bright, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
