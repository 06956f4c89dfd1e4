"""What many tasks need is moved to each worker once, and stays there for the runs that follow."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tasnet2hef.base.workers import InProcess, Task, Workers, open_workers, results_of


class Counted:
    """Leaves a file each time that a process reads it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __setstate__(self, state: dict[str, Path]) -> None:
        self.__dict__.update(state)
        (self.folder / str(len([*self.folder.iterdir()]))).touch()


def _use(number: int, value: Counted) -> tuple[int, str]:
    return number, type(value).__name__


@contextmanager
def _in_process() -> Iterator[Workers]:
    yield InProcess()


@pytest.mark.parametrize(
    "opened",
    [
        pytest.param(_in_process, id="in-process"),
        pytest.param(lambda: open_workers(processes=1), id="a-process", marks=pytest.mark.slow),
    ],
)
def test_it_is_moved_once(opened: Callable[[], AbstractContextManager[Workers]], tmp_path: Path) -> None:
    results, moves = {}, []
    with opened() as workers, workers.shared("value-1", Counted(tmp_path)) as value:
        for number in range(3):
            results |= results_of(workers, [Task(f"use-{number}", _use, (number, value))])
            moves.append(len([*tmp_path.iterdir()]))
    assert [results[f"use-{number}"] for number in range(3)] == [(number, "Counted") for number in range(3)]
    assert moves == moves[:1] * 3
