"""A function in a copy of the process: results, errors, aborts, and limits of time and memory."""

from __future__ import annotations

import gc
import os
import resource
import signal
import time

import pytest

from tasnet2hef.base.errors import GraphError
from tasnet2hef.base.supervise import apart
from tasnet2hef.base.supervise.apart import ApartError, run_apart


def _raise(error: Exception) -> None:
    raise error


def _spin() -> None:
    while True:
        pass


def test_a_result_comes_back_from_another_process() -> None:
    own, other = os.getpid(), run_apart(os.getpid, 10)
    assert other != own


def test_an_error_comes_back_as_it_was_raised() -> None:
    with pytest.raises(GraphError, match="net: found 1, expected 2"):
        run_apart(lambda: _raise(GraphError("net: found 1, expected 2")), 10)


def test_an_abort_is_told_and_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ApartError, match="was ended by SIGABRT"):
        run_apart(os.abort, 10)
    assert capfd.readouterr() == ("", "")


def test_a_crash_is_told() -> None:
    with pytest.raises(ApartError, match="was ended by SIGSEGV"):
        run_apart(lambda: os.kill(os.getpid(), signal.SIGSEGV), 10)


def test_processor_time_is_limited() -> None:
    with pytest.raises(ApartError, match="took more than 1 s of processor time"):
        run_apart(_spin, 1)


def test_a_copy_that_waits_for_ever_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "_SLOWEST", 0.2)
    with pytest.raises(ApartError, match="did not end in time"):
        run_apart(lambda: time.sleep(600), 1)


def test_objects_of_the_original_do_not_end_in_the_copy() -> None:
    """Those of ONNX Runtime would wait for threads that only the original has."""

    class Object:
        def __init__(self) -> None:
            self.itself = self
            self.process = os.getpid()

        def __del__(self) -> None:
            if os.getpid() != self.process:
                os.abort()

    Object()
    assert run_apart(lambda: gc.collect() or "done", 10) == "done"
    gc.collect()


def test_memory_is_limited() -> None:
    with pytest.raises(ApartError, match="needed too much memory"):
        run_apart(lambda: len(bytes(2**31)), 10, 2**28)
    assert run_apart(lambda: len(bytes(2**27)), 10, 2**28) == 2**27


def test_limits_that_the_process_has_already_stay() -> None:
    def limited_twice() -> int:
        resource.setrlimit(resource.RLIMIT_CPU, (5, 5))
        return run_apart(lambda: resource.getrlimit(resource.RLIMIT_CPU)[1], 10)

    assert run_apart(limited_twice, 10) == 5


def test_a_large_result_comes_back_whole() -> None:
    assert run_apart(lambda: bytes(10**7), 10) == bytes(10**7)
