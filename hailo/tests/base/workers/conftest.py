"""A limit of time for each test here: what these tests look for would show as one that never ends."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import pytest

LONGEST_S = 120


@pytest.fixture(autouse=True)
def limited() -> Iterator[None]:
    def stop(*_: Any) -> None:
        raise TimeoutError(f"the test took more than {LONGEST_S} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(LONGEST_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
