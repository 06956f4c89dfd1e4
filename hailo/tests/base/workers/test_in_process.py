"""Tasks in this process, one after the other; and what is said of a task whatever runs it."""

from __future__ import annotations

import weakref
from typing import Any

import pytest

from tasnet2hef.base.workers import Ended, InProcess, Task, open_workers, results_of
from tests.base.workers.functions import add, fail, nothing, same


class _Large:
    """A result that can be watched."""


def test_no_scheduler_and_no_processes_is_this_process() -> None:
    with open_workers() as workers:
        assert isinstance(workers, InProcess)
        assert workers.slots() == 1


def test_inputs_come_behind_the_arguments() -> None:
    tasks = [Task("a", same, (2,)), Task("b", same, (3,)), Task("c", pow, (10,), inputs=("b", "a"))]
    assert results_of(InProcess(), tasks) == {"a": 2, "b": 3, "c": 10**3 % 2}


def test_of_equal_keys_one_is_run() -> None:
    calls: list[int] = []
    ended = list(InProcess().run([Task("a", calls.append, (1,)), Task("a", calls.append, (2,))]))
    assert calls == [1]
    assert [each.key for each in ended] == ["a"]


def test_an_error_ends_those_that_need_its_result_and_no_others() -> None:
    tasks = [Task("bad", fail, ("no",)), Task("user", add, inputs=("bad",)), Task("other", add, (1, 2))]
    ended = {each.key: each for each in InProcess().run(tasks)}
    assert isinstance(ended["bad"].error, ValueError)
    assert ended["user"].error is ended["bad"].error
    assert (ended["other"].error, ended["other"].result) == (None, 3)


def test_the_first_error_is_raised_and_the_rest_given_up() -> None:
    calls: list[int] = []
    with pytest.raises(ValueError, match="no"):
        results_of(InProcess(), [Task("bad", fail, ("no",)), Task("next", calls.append, (1,))])
    assert calls == []


def test_nothing_runs_before_it_is_asked_for_or_after_it_is_closed() -> None:
    calls: list[int] = []
    running = InProcess().run([Task("a", calls.append, (1,)), Task("b", calls.append, (2,))])
    assert calls == []
    assert isinstance(next(running), Ended)
    running.close()
    assert calls == [1]


def test_a_result_that_nothing_needs_any_more_is_let_go() -> None:
    large = _Large()
    watched = weakref.ref(large)
    kept: list[Any] = [large]
    del large
    running = InProcess().run(
        [
            Task("large", kept.pop),
            Task("user", nothing, inputs=("large",)),
            Task("next", lambda: watched() is None),
        ]
    )
    assert [each.result for each in running if each.key == "next"] == [True]
