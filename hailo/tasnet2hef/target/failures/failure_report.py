"""A report of a failure for the vendor or for us: text and facts, without weights and private paths."""

from __future__ import annotations

import platform
import re
from collections import Counter
from pathlib import Path
from typing import Final

from tasnet2hef.base.text import escaped
from tasnet2hef.base.version import __version__
from tasnet2hef.target.failures.classify import UNKNOWN, Explanation
from tasnet2hef.target.failures.facts import Facts, shape_text

REPORT_NAME: Final = "failure_report.md"
_KEPT_LINES: Final = 60
_LONGEST_LINE: Final = 400
_WORTH_IT: Final = (UNKNOWN, "crash", "native-assertion", "shortcut-crash", "parser-crash", "no-hef")
_ROOTS: Final = "home|root|Users|mnt|media|srv|opt|tmp|var|usr|etc|private|local|workspaces?|data|work|Volumes"
_PATH: Final = re.compile(rf"(?<![\w/])/(?:{_ROOTS})(?:/[\w.+~@-]{{1,120}}){{1,40}}")
_WINDOWS_PATH: Final = re.compile(r"\b[A-Za-z]:\\(?:[^\s\\\"']{1,120}\\){1,40}")
_ATTACH: Final = """Attach, as far as you may send it:

- `report.zip` of the run's folder, which holds no weights, or the whole log of the stage;
- the few nodes that still fail: `tasnet2hef reduce GRAPH --check COMMAND` writes them, with random weights.
"""


def is_worth_a_report(explanation: Explanation) -> bool:
    """Return whether a failure is not known, or a defect of the compiler."""
    return explanation.signature in _WORTH_IT


def failure_report(explanation: Explanation, stage: str, text: str, facts: Facts) -> str:
    """Return the report, as Markdown."""
    lines = [line.rstrip()[:_LONGEST_LINE] for line in text.split("\n") if line.strip()][-_KEPT_LINES:]
    versions = {
        "compiler": facts.compiler or "not known",
        "chip": facts.hardware or "not known",
        "tasnet2hef": __version__,
        "Python": platform.python_version(),
    }
    parts = [
        f"# {explanation.signature}: a failure of the {stage or 'compiler, at a stage that is not known'}",
        without_private_paths(explanation.words) or "No message was found.",
        "## Text\n\n```text\n" + without_private_paths("\n".join(lines)).replace("```", "'''") + "\n```",
        "## Graph\n\n" + "\n".join(f"- {line}" for line in _graph(facts)),
        "## Versions\n\n" + "\n".join(f"- {name}: {value}" for name, value in versions.items()),
        "## What to attach\n\n" + _ATTACH,
    ]
    return escaped("\n\n".join(parts))


def without_private_paths(text: str) -> str:
    """Return a text with the folders of files left out; names of nodes stay.

    >>> without_private_paths('File "/home/me/net.py" at /model.22/Reshape_10')
    'File ".../net.py" at /model.22/Reshape_10'
    """
    text = text.replace(str(Path.home()), "/home")
    text = _PATH.sub(lambda path: f".../{path[0].rsplit('/', 1)[-1]}", text)
    return _WINDOWS_PATH.sub(r"...\\", text)


def _graph(facts: Facts) -> list[str]:
    if facts.net is None:
        return ["not given (`--graph`)"]
    types = Counter(layer.type for layer in facts.net)
    widest = facts.widest
    found = ", ".join(dict.fromkeys(f"{each.rule} ({each.level})" for each in facts.findings))
    inputs = ", ".join(shape_text(shape) for shape in facts.inputs.values())
    commands = ", ".join(dict.fromkeys(each.command for each in facts.script or ()))
    return [
        f"{len(facts.net)} layers: " + ", ".join(f"{count} {kind}" for kind, count in types.most_common()),
        f"inputs (height x width x features): {inputs}",
        "widest row: " + ("not known" if widest is None else f"{widest.values:,} bytes"),
        f"layout: {facts.layout or 'neither tall nor wide'}",
        f"found by check: {found or 'nothing'}",
        f"commands of the model script: {commands or 'none'}",
    ]
