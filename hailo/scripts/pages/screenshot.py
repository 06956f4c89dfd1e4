"""Takes the picture of a report's page, in the browser that is installed here."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
_SIZE: Final = {"width": 1000, "height": 1130}
"""Pixels: the verdict, the next command, the figures that matter and the top of the net."""


def take(page: Path, picture: Path) -> None:
    """Write the top of a page as PNG of 256 colours.

    Raises:
        RuntimeError: no browser is installed.
    """
    from PIL import Image
    from playwright.sync_api import sync_playwright

    browser = next((path for name in _BROWSERS if (path := shutil.which(name))), None)
    if browser is None:
        raise RuntimeError(f"{picture}: found none of {', '.join(_BROWSERS)}; install one")
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        sheet = running.new_page(viewport=_SIZE, color_scheme="light")
        sheet.goto(page.resolve().as_uri())
        sheet.screenshot(path=picture)
        running.close()
    with Image.open(picture) as shot:
        colours = shot.convert("RGB").quantize(256)
    colours.save(picture, optimize=True)
