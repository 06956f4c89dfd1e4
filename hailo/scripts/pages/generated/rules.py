"""Every limit of the compiler that ``check`` looks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from scripts.pages.markdown import fenced, table
from tasnet2hef.target.rules import Rule
from tasnet2hef.target.rules.framework.discovery import all_rules

PATH: Final = "reference/rules.md"

_HEAD: Final = """# Rules

What `tasnet2hef check` looks for. `tasnet2hef rules ID` prints one of these. Grades: **recorded**, seen in a real
run of the compiler; **documented**, written by the vendor; **inferred**, our conclusion. Only a recorded rule can
be an error. The examples are the rule's own tests: it finds something in each *found* graph, and nothing in each
*not found* one.
"""


def text() -> str:
    """Return the page."""
    rows = [
        (f"[{rule.id}](#{rule.id})", rule.level, rule.stage, rule.evidence[0].grade, rule.title)
        for rule in all_rules()
    ]
    overview = table(("rule", "at most", "stage", "grade", "limit"), rows)
    return "\n\n".join([_HEAD, overview, *(part for rule in all_rules() for part in _section(rule))]) + "\n"


def _section(rule: Rule) -> Iterator[str]:
    fields: dict[str, Any] = rule.to_json()
    yield f"## {rule.id}"
    checked = " ".join((rule.check.__doc__ or "").split())
    yield f"{rule.title} *{rule.level} at most, stage {rule.stage}.* {checked}"
    yield f"**Fix:** {rule.fix}"
    yield table(("grade", "source"), [(evidence.grade, evidence.citation) for evidence in rule.evidence])
    for evidence in rule.evidence:
        if evidence.words:
            yield f"The compiler's own words ({evidence.grade}):"
            yield fenced(evidence.words)
    examples = [("found", graph) for graph in fields["bad"]] + [("not found", graph) for graph in fields["good"]]
    yield table(("", "example"), examples)
