"""The failures of the compiler and of HailoRT that are recognised by their text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scripts.pages.markdown import fenced, table
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.failures.tables import compiler_signatures, runtime_signatures

PATH: Final = "reference/failures.md"

_HEAD: Final = """# Failure signatures

The messages of the compiler that `tasnet2hef compile` recognises after a failure, and those of HailoRT and its
device; `tasnet2hef explain LOG` recognises both in a log. `tasnet2hef reduce --signature NAME` reduces a graph
while it still causes one of the compiler's. Patterns are regular expressions in which a space is any white space.
Names in braces are filled in from the run. A message that only names a consequence, or only the part that failed,
counts where no message names a cause. A cause that the graph, the model script or the calibration set rules out is
not told.
"""
_TELLS: Final = {
    "cause": "",
    "symptom": " Counts where no message names a cause.",
    "class": " Counts where no other message is known.",
    "note": " No failure by itself.",
}


def text() -> str:
    """Return the page."""
    signatures = _all()
    rows = [(f"[{each.id}](#{each.id})", each.basis.grade, each.cause) for each in signatures]
    overview = table(("signature", "grade", "cause"), rows)
    return "\n\n".join([_HEAD, overview, *(part for each in signatures for part in _section(each))]) + "\n"


def _all() -> tuple[Signature, ...]:
    """Return the compiler's signatures, then HailoRT's."""
    return (*compiler_signatures(), *runtime_signatures())


def _section(signature: Signature) -> Iterator[str]:
    yield f"## {signature.id}"
    belongs = f" Rule: [{signature.rule}](rules.md#{signature.rule})." if signature.rule else ""
    cause = f"{signature.cause[:1].upper()}{signature.cause[1:]}".replace("{widest}", "...")
    yield f"{cause}.{belongs}{_TELLS[signature.tells]}"
    yield fenced("\n".join(signature.patterns))
    yield f"**Fix:** {signature.remedy}"
    for each in signature.alternatives:
        cause = each.cause.replace("{widest}", "...")
        yield f"**If the facts say so:** {cause}. **Fix:** {each.fix}"
    yield fenced("\n".join(signature.commands), "sh")
    yield f"*{signature.basis}*"
