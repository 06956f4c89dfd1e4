"""What is said of workers that lack what tasks need."""

from __future__ import annotations

import pytest

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.workers import DFC, TORCH
from tasnet2hef.base.workers.slots import Slots


@pytest.mark.parametrize(
    ("slots", "needs", "told"),
    [
        (Slots(compiling=1), frozenset[str](), "found no worker that computes, expected one"),
        (Slots(computing=1, compiling=1), frozenset({TORCH}), "found no worker that has torch, expected one"),
        (Slots(computing=1, torch=1), frozenset({DFC}), "found no worker that has DFC, expected one"),
        (
            Slots(computing=1, torch=1),
            frozenset({DFC, TORCH}),
            "start one beside the compiler with --resources DFC=1",
        ),
    ],
)
def test_a_kind_of_task_that_has_no_place_is_refused(slots: Slots, needs: frozenset[str], told: str) -> None:
    with pytest.raises(OptionError, match=told):
        slots.require(needs)


def test_what_has_a_place_is_not_refused() -> None:
    slots = Slots(computing=3, torch=2, compiling=1)
    assert [slots.fit(frozenset(needs)) for needs in [(), (TORCH,), (DFC,), (TORCH, DFC)]] == [3, 2, 1, 1]
    slots.require(frozenset({TORCH, DFC}))


def test_workers_that_were_here_once_count() -> None:
    assert Slots(1, 0, 2).or_more(Slots(0, 3, 1)) == Slots(1, 3, 2)
