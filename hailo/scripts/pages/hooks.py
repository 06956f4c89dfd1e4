"""Hooks of MkDocs: add the generated pages, and the pictures where pages name them."""

from __future__ import annotations

import html
import importlib
import re
import sys
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[3]
_PICTURE: Final = re.compile(r"^\{\{ picture ([a-z0-9-]+) \}\}$", re.MULTILINE)

if str(ROOT / "hailo") not in sys.path:  # MkDocs loads this file by its path
    sys.path.insert(0, str(ROOT / "hailo"))


def on_files(files: Any, config: Any) -> Any:
    """Add a page for every module of ``generated``, and the two in the root folder."""
    from mkdocs.structure.files import File

    from scripts.pages import generated
    from tasnet2hef.base.discovery import modules_of

    for module in modules_of(generated):
        files.append(File.generated(config, module.PATH, content=module.text()))
    for name in ("CONTRIBUTING.md", "CHANGELOG.md"):
        content = (ROOT / name).read_text().replace("](docs/", "](")  # links from the root folder
        files.append(File.generated(config, name.lower(), content=content))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace each ``{{ picture name }}`` by the picture and its caption."""
    return _PICTURE.sub(lambda match: picture(match[1]), markdown)


def picture(name: str) -> str:
    """Return a picture as HTML; its file has its name in snake case."""
    from scripts.pages.pen import svg

    module = importlib.import_module(f"scripts.pages.figures.{name.replace('-', '_')}")
    caption = html.escape(module.CAPTION)
    return f'<figure class="drawn">\n{svg(name, module.draw)}\n<figcaption>{caption}</figcaption>\n</figure>'
