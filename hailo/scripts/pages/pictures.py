"""Writes the pictures that are shown outside of the site, as files for light and for dark pages.

README shows the path: a file can't take the colour of the text around it, so there are two. `make samples` writes
them anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from scripts.pages.figures import path
from scripts.pages.pen import svg

ROOT: Final = Path(__file__).resolve().parents[3]
FOLDER: Final = ROOT / "docs" / "pictures"
_INKS: Final = {"light": "#1f2328", "dark": "#e6edf3"}
_FONTS: Final = "'DejaVu Sans', Verdana, sans-serif"


def files() -> dict[Path, str]:
    """Return the text of each file."""
    drawn = svg("path", path.draw).replace("'DejaVu Sans'", _FONTS)
    head = '<?xml version="1.0" encoding="utf-8"?>\n'
    return {FOLDER / f"path_{page}.svg": head + drawn.replace("currentColor", ink) for page, ink in _INKS.items()}


def write() -> None:
    """Write them."""
    FOLDER.mkdir(exist_ok=True)
    for file, text in files().items():
        file.write_text(text, encoding="utf-8")
