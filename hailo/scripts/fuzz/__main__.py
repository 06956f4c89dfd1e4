"""``make fuzz``: damaged input of every kind through the commands; a table, and exit code 1 if one case failed."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.progress import track

from scripts.fuzz.case import Kind, all_kinds, draw_case
from scripts.fuzz.fuzzing import Tally, keep_case, make_seeds, missing_packages, prepared, run_kind
from scripts.fuzz.judge import failures_of
from scripts.fuzz.run_case import Limits, run_case
from scripts.fuzz.table import print_table, replace_block

ROOT = Path(__file__).resolve().parents[3]


def _options() -> argparse.Namespace:
    kinds = all_kinds()
    options = argparse.ArgumentParser(prog="python -m scripts.fuzz", description=__doc__)
    options.add_argument(
        "--kind", action="append", choices=sorted(kinds), help="a kind; may be repeated; default: all"
    )
    options.add_argument("--number", type=int, default=500, help="cases of each kind")
    options.add_argument("--first", type=int, default=0, help="number of the first case")
    options.add_argument("--seed", type=int, default=1, help="another seed draws other cases")
    options.add_argument("--case", type=int, help="run this one case of --kind again, and show what it prints")
    options.add_argument("--keep", type=Path, default=ROOT / "build/fuzz", help="where cases that failed are kept")
    options.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    options.add_argument("--markdown", type=Path, help="page whose block between the markers gets the table")
    chosen = options.parse_args()
    chosen.kinds = [kinds[name] for name in chosen.kind or sorted(kinds)]
    if chosen.case is not None and len(chosen.kinds) != 1:
        options.error("--case needs one --kind")
    return chosen


def _replay(kind: Kind, chosen: argparse.Namespace, folder: Path) -> bool:
    """Run one case again, keep its files in any case, and print what it printed; return whether it failed."""
    case = draw_case(kind, make_seeds(kind, folder), chosen.seed, chosen.case)
    ending = run_case(case, folder / "case", Limits())
    failures = failures_of(case.arguments, ending)
    place = chosen.keep / f"{kind.name}-{chosen.seed}-{chosen.case}"
    keep_case(place, case, ending, failures)
    for name in ("command", "stdout", "stderr", "wrong"):
        print(f"--- {name}\n{(place / f'FUZZ.{name}').read_text(encoding='utf-8')!s}".rstrip())
    print(f"--- exit code {ending.exit_code}; kept in {place}")
    return bool(failures)


def _fuzz(kind: Kind, chosen: argparse.Namespace, folder: Path) -> Tally:
    tally = Tally(kind.name)
    numbers = range(chosen.first, chosen.first + chosen.number)
    results = run_kind(
        kind, numbers, seed=chosen.seed, folder=folder, keep=chosen.keep, jobs=chosen.jobs, limits=Limits()
    )
    for result in track(results, total=len(numbers), description=kind.name):
        tally.add(result)
    return tally


def _first_of_each(tallies: list[Tally], seed: int) -> list[str]:
    """Return a line for each cause: how often, what, and how to run its first case again."""
    lines = []
    for tally in tallies:
        for key, count in tally.causes.most_common():
            first = tally.first[key]
            details = [
                failure.detail for failure, each in zip(first.failures, first.keys, strict=True) if each == key
            ]
            again = f"python -m scripts.fuzz --kind {tally.kind} --seed {seed} --case {first.number}"
            lines += [f"{count:5} x {key.partition(' | ')[0]}: {details[0]}", " ".join(first.arguments), again]
    return lines


def _commit() -> str:
    described = ["git", "describe", "--always", "--dirty"]
    return subprocess.run(described, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def main() -> int:
    """Fuzz, and print; return the exit code."""
    chosen = _options()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as temporary, prepared(Path(temporary) / "cases") as folder:
        if chosen.case is not None:
            return int(_replay(chosen.kinds[0], chosen, folder))
        tallies = []
        for kind in chosen.kinds:
            if missing := missing_packages(kind):
                print(f"{kind.name}: left out, for {', '.join(missing)} is not in this environment")
            else:
                tallies.append(_fuzz(kind, chosen, folder))
    print_table(tallies, chosen.seed, time.monotonic() - begin)
    print("\n".join(ascii(line)[1:-1] for line in _first_of_each(tallies, chosen.seed)))
    if chosen.markdown is not None:
        replace_block(chosen.markdown, tallies, chosen.seed, _commit())
    return int(any(tally.failed for tally in tallies))


if __name__ == "__main__":
    sys.exit(main())
