"""The words of the path and of this project, each with its one meaning."""

from __future__ import annotations

from typing import Final

from scripts.pages.markdown import table
from tasnet2hef.report.glossary import GLOSSARY

PATH: Final = "reference/glossary.md"

_HEAD: Final = """# Glossary

One word has one meaning, in this documentation, in messages, on the page of a run and in the code.
"""


def text() -> str:
    """Return the page."""
    return f"{_HEAD}\n{table(('word', 'its only meaning'), list(GLOSSARY.items()))}\n"
