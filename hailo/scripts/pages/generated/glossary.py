"""The words of the path and of this project, each with its one meaning."""

from __future__ import annotations

from typing import Final

from scripts.pages.markdown import table
from tasnet2hef.report.glossary import GLOSSARY, anchor

PATH: Final = "reference/glossary.md"

_HEAD: Final = """# Glossary

One word has one meaning, in this documentation, in messages, on the page of a run and in the code.
"""


def text() -> str:
    """Return the page."""
    rows = [(f'<span id="{anchor(word)}">{word}</span>', meaning) for word, meaning in GLOSSARY.items()]
    return f"{_HEAD}\n{table(('word', 'its only meaning'), rows)}\n"
