"""Runs many cases of a kind, keeps those that failed, and counts."""

from __future__ import annotations

import multiprocessing
import shlex
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from scripts.fuzz.case import Case, Files, Kind, draw_case
from scripts.fuzz.judge import DONE, Failure, failures_of, key_of
from scripts.fuzz.run_case import Ending, Limits, fresh_folder, in_a_process, run_case, warm_up, write_files
from scripts.fuzz.seeds import read_files


@dataclass(frozen=True)
class Result:
    """What came of one case."""

    number: int
    arguments: tuple[str, ...]
    exit_code: int | None
    failures: tuple[Failure, ...]

    @property
    def keys(self) -> list[str]:
        """What its failures have in common with others of the same cause."""
        return [key_of(failure, self.arguments[0]) for failure in self.failures]


@dataclass
class Tally:
    """The results of a kind."""

    kind: str
    cases: int = 0
    done: int = 0
    refused: int = 0
    failed: int = 0
    sorts: Counter[str] = field(default_factory=Counter)
    first: dict[str, Result] = field(default_factory=dict)
    """The first case of each cause."""
    causes: Counter[str] = field(default_factory=Counter)

    def add(self, result: Result) -> None:
        """Count a result."""
        self.cases += 1
        self.failed += bool(result.failures)
        self.done += not result.failures and result.exit_code in DONE
        self.refused += not result.failures and result.exit_code not in DONE
        self.sorts.update(dict.fromkeys((failure.sort for failure in result.failures), 1))
        for key in result.keys:
            self.causes[key] += 1
            self.first.setdefault(key, result)


def missing_packages(kind: Kind) -> list[str]:
    """Return what a kind needs and this environment lacks."""
    return [name for name in kind.needs if find_spec(name) is None]


def make_seeds(kind: Kind, folder: Path) -> Files:
    """Make the whole files of a kind, in a process of its own."""
    place = fresh_folder(folder / "seeds" / kind.name)
    in_a_process(partial(kind.make_seeds, place))
    return read_files(place)


def run_kind(
    kind: Kind,
    numbers: Iterable[int],
    *,
    seed: int,
    folder: Path,
    keep: Path | None,
    jobs: int = 1,
    limits: Limits,
) -> Iterator[Result]:
    """Run cases of a kind in ``jobs`` processes, which fork one for each case; in the order of their numbers.

    A case that failed is kept in ``keep``, in a folder of its own: its files, its command, and what it printed.
    """
    seeds = make_seeds(kind, folder)
    one = partial(_run_one, kind, seeds, seed, folder, keep, limits)
    if jobs == 1:
        yield from map(one, numbers)
        return
    with multiprocessing.get_context("fork").Pool(jobs, _take_work, (one,)) as pool:
        yield from pool.imap(_work, numbers, chunksize=4)


def _run_one(
    kind: Kind, seeds: Files, seed: int, folder: Path, keep: Path | None, limits: Limits, number: int
) -> Result:
    case = draw_case(kind, seeds, seed, number)
    place = fresh_folder(folder / f"{kind.name}-{number}")
    ending = run_case(case, place, limits)
    failures = failures_of(case.arguments, ending)
    if failures and keep is not None:
        keep_case(keep / f"{kind.name}-{seed}-{number}", case, ending, failures)
    shutil.rmtree(place)
    return Result(number, case.arguments, ending.exit_code, tuple(failures))


def keep_case(place: Path, case: Case, ending: Ending, failures: Iterable[Failure]) -> None:
    """Write the files of a case, and beside them its command, what it printed and what was wrong."""
    fresh_folder(place)
    write_files(case, place)
    told = [f"{failure.sort}: {failure.detail}" for failure in failures]
    for name, text in (
        ("command", f"tasnet2hef {shlex.join(case.arguments)}\n"),
        ("wrong", "\n".join(told) + "\n"),
        ("stdout", ending.out.decode("utf-8", "replace")),
        ("stderr", ending.err.decode("utf-8", "replace")),
    ):
        (place / f"FUZZ.{name}").write_text(text, encoding="utf-8")


_one_in_this_process: list[partial[Result]] = []


def _take_work(one: partial[Result]) -> None:
    _one_in_this_process[:] = [one]


def _work(number: int) -> Result:
    return _one_in_this_process[0](number)


@contextmanager
def prepared(folder: Path) -> Iterator[Path]:
    """Import everything, and give an empty folder for the cases that is removed afterwards."""
    warm_up()
    yield fresh_folder(folder)
    shutil.rmtree(folder, ignore_errors=True)
