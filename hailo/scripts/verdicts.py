"""Replay recorded compiler verdicts against `tasnet2hef check`: `python -m scripts.verdicts rows.jsonl`.

A row is replayed where it carries a `graph` as `tests/target/rules/recorded_graphs.py` describes it. Explanations
of failures are scored on the recorded words of the compiler and on reduced texts of public reports.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.target.failures.explanations import score
from tests.target.rules.recorded_verdicts import Matrix, Verdict, matrix, read_rows, replay


def report(verdicts: Sequence[Verdict], counts: Matrix) -> list[str]:
    """Return the lines to print: rows left out, misses, the confusion matrix; the last line sums up."""
    left_out = [verdict for verdict in verdicts if not verdict.applicable]
    misses = [verdict for verdict in verdicts if verdict.missed]
    lines = [f"not applicable: {len(left_out)} of {len(verdicts)} rows"]
    lines += [f"  {verdict.row.id}: {verdict.reason}" for verdict in left_out]
    lines.append(f"misses: {len(misses)}")
    lines += [_miss(verdict) for verdict in misses]
    alarms = f"false_alarm_rate {counts.false_alarm_rate:.3f}"
    lines += [
        "                   predicted fail  predicted pass",
        f"  recorded fail    {counts.caught:14}  {counts.overlooked:14}",
        f"  recorded pass    {counts.false_alarms:14}  {counts.passed:14}",
        f"applicable {counts.applicable} recall {counts.recall:.3f} {alarms}",
    ]
    return lines


def explanations(outcomes: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the lines to print of the explanations: those that are not right; the last one sums up."""
    lines = [f"  {line}" for outcome, texts in outcomes.items() if outcome != "right" for line in texts]
    counts = " ".join(f"{outcome} {len(texts)}" for outcome, texts in outcomes.items())
    return [*lines, f"explanations of {sum(map(len, outcomes.values()))} texts: {counts}"]


def _miss(verdict: Verdict) -> str:
    row = verdict.row
    kind = "overlooked failure" if row.failed else "false alarm"
    error = f"; recorded: {row.error}" if row.error else ""
    return f"  {row.id} ({row.stage}, {row.chip}): {kind}: {verdict.reason}{error}"


def main(arguments: Sequence[str]) -> int:
    """Replay one file; exit 2 when it is not named or does not exist."""
    if len(arguments) != 1 or not Path(arguments[0]).is_file():
        print("usage: python -m scripts.verdicts ROWS.jsonl", file=sys.stderr)
        return 2
    verdicts = [replay(row) for row in read_rows(Path(arguments[0]))]
    print("\n".join([*explanations(score()), *report(verdicts, matrix(verdicts))]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
