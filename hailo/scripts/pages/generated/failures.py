"""The compiler's failures that are recognised by their text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scripts.pages.markdown import fenced, table
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.failures.tables import compiler_signatures

PATH: Final = "reference/failures.md"

_HEAD: Final = """# Failure signatures

The messages of the compiler that `tasnet2hef compile` recognises after a failure. `tasnet2hef reduce --signature
NAME` reduces a graph while it still causes one of them. Patterns are regular expressions. Names in braces are
filled in from the run.
"""


def text() -> str:
    """Return the page."""
    signatures = compiler_signatures()
    rows = [(f"[{each.id}](#{each.id})", each.basis.grade, each.cause) for each in signatures]
    overview = table(("signature", "grade", "cause"), rows)
    return "\n\n".join([_HEAD, overview, *(part for each in signatures for part in _section(each))]) + "\n"


def _section(signature: Signature) -> Iterator[str]:
    yield f"## {signature.id}"
    belongs = f" Rule: [{signature.rule}](rules.md#{signature.rule})." if signature.rule else ""
    yield f"{signature.cause[:1].upper()}{signature.cause[1:]}.{belongs}"
    yield fenced("\n".join(signature.patterns))
    yield f"**Fix:** {signature.remedy}"
    yield fenced("\n".join(signature.commands), "sh")
    yield f"*{signature.basis}*"
