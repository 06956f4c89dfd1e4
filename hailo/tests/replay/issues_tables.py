"""The tables of the page of issues, made from the replays: `python -m tests.replay.issues_tables` renews them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from tasnet2hef.target.check import CheckReport
from tasnet2hef.target.rules.framework.finding import LEVELS, STAGES
from tests.replay.attempts import ATTEMPTS, report_of

PAGE = Path(__file__).parents[2] / "issues.md"
OF_THE_REPLAY = "absent-weights"  # the attempts had theirs
_TABLE = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def findings_table() -> str:
    """Return how often each rule speaks of each attempt, errors first, then in the order of the flow."""
    counts = {name: Counter(_kind(report_of(name))) for name in ATTEMPTS}
    kinds = sorted(
        set().union(*counts.values()), key=lambda kind: (LEVELS.index(kind[0]), STAGES.index(kind[1]), kind[2])
    )
    rows = [(f"`{kind[2]}`", kind[0], kind[1], *(counts[name][kind] or "" for name in ATTEMPTS)) for kind in kinds]
    return _table(("rule", "level", "stage", *ATTEMPTS), rows)


def _kind(report: CheckReport) -> list[tuple[str, str, str]]:
    shown = [finding for finding in report.findings if finding.level != "note" and finding.rule != OF_THE_REPLAY]
    return [(finding.level, finding.stage, finding.rule) for finding in shown]


def sizes_table() -> str:
    """Return what each attempt asks of the chip and, where torch is, the same net as HailoTasNet writes it."""
    reports = {name: report_of(name) for name in ATTEMPTS}
    if find_spec("torch") is not None:
        from tests.replay.rewritten import REWRITTEN, rewritten_report

        reports.update({f"*{choice}*": rewritten_report(choice) for choice in REWRITTEN})
    return _sizes(reports)


def _sizes(reports: Mapping[str, CheckReport]) -> str:
    rows: dict[str, Callable[[CheckReport], str]] = {
        "errors of `check`": lambda report: f"{len(report.errors):,}",
        "layers parsed": lambda report: f"{report.resources.cost.parsed_layers:,}",
        "layers compiled": lambda report: f"{report.resources.cost.lcus:,}",
        "contexts by default, with raised caps [inferred]": _contexts,
        "widest row, bytes": lambda report: f"{report.resources.cost.widest_row.values:,}",
        "maps held whole": lambda report: f"{len(report.resources.cost.held_maps)}",
    }
    return _table(("", *reports), [(row, *map(value, reports.values())) for row, value in rows.items()])


def _contexts(report: CheckReport) -> str:
    resources = report.resources
    return f"{resources.contexts_by_default}, {resources.contexts_with_raised_caps}"


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


TABLES = {"findings": findings_table, "sizes": sizes_table}


def tables_in(page: str) -> dict[str, str]:
    """Return the tables that a page holds, by name."""
    return {match[2]: match[0][len(match[1]) : -len(match[3])].strip() for match in _TABLE.finditer(page)}


def without_tables(page: str) -> str:
    """Return a page's prose."""
    return _TABLE.sub("", page)


def renewed(page: str) -> str:
    """Return a page with its tables made anew."""
    return _TABLE.sub(lambda match: f"{match[1]}{TABLES[match[2]]()}\n{match[3]}", page)


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
