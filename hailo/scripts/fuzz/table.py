"""The numbers of a run: a table to print, and the block of the page that tells of the last night."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path

from scripts.fuzz.fuzzing import Tally
from tasnet2hef.cli import show

BEGIN, END = "<!-- fuzz: begin -->", "<!-- fuzz: end -->"
_COLUMNS = ("kind", "cases", "done", "refused", "failed", "failures by sort")


def rows(tallies: Sequence[Tally]) -> list[tuple[str, ...]]:
    """Return a row for each kind, and one for all of them."""
    found = [
        (each.kind.replace("_", " "), each.cases, each.done, each.refused, each.failed, _sorts(each))
        for each in tallies
    ]
    sums = [sum(int(row[place]) for row in found) for place in range(1, 5)]
    return [
        tuple(f"{cell:,}" if isinstance(cell, int) else cell for cell in row)
        for row in [*found, ("all", *sums, "")]
    ]


def print_table(tallies: Sequence[Tally], seed: int, seconds: float) -> None:
    """Print the table."""
    title = f"Damaged input, seed {seed}, {seconds:.0f} s"
    show.table(title, _COLUMNS, rows(tallies), left=(0, -1))


def replace_block(page: Path, tallies: Sequence[Tally], seed: int, commit: str) -> None:
    """Put the numbers between the markers of a page.

    Raises:
        ValueError: the page has no markers.
    """
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    if END not in rest:
        raise ValueError(f"{page}: found no {BEGIN} with {END} after it")
    today = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    lines = [
        f"{today}, commit {commit}, seed {seed}:",
        "",
        "| " + " | ".join(_COLUMNS) + " |",
        "|---" * len(_COLUMNS) + "|",
    ]
    lines += ["| " + " | ".join(row) + " |" for row in rows(tallies)]
    page.write_text(f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{after}", encoding="utf-8")


def _sorts(tally: Tally) -> str:
    return ", ".join(f"{sort} {count}" for sort, count in tally.sorts.most_common()) or "none"
