"""Any damage to a file gives a CheckpointError or a sound checkpoint, and nothing else."""

from __future__ import annotations

import contextlib
import functools
import io
import tempfile
from pathlib import Path

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.model.checkpoint import load_checkpoint
from tests.model.checkpoint.small_nets import small_package

TINY = {
    "n_filters": 2,
    "kernel_size": 2,
    "bn_chan": 1,
    "hid_chan": 2,
    "skip_chan": 1,
    "n_blocks": 1,
    "n_repeats": 1,
}


@functools.cache
def _whole(zipped: bool) -> bytes:
    stream = io.BytesIO()
    torch.save(small_package(**TINY), stream, _use_new_zipfile_serialization=zipped)
    return stream.getvalue()


def _load(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.pth"
        path.write_bytes(content)
        with contextlib.suppress(CheckpointError):
            checkpoint = load_checkpoint(path)
            assert all(bool(torch.isfinite(tensor).all()) for tensor in checkpoint.weights.values())


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(zipped=st.booleans(), kept=st.floats(0, 1, exclude_max=True))
def test_truncated(zipped: bool, kept: float) -> None:
    whole = _whole(zipped)
    _load(whole[: int(kept * len(whole))])


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(zipped=st.booleans(), changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)),
                                              min_size=1, max_size=6))  # fmt: skip
@example(zipped=True, changes=[(0.9972875360735177, 1)])  # several disks: an error that zipfile raises on looking
@example(zipped=False, changes=[(0.9116756635362254, 32)])  # a storage of more bytes than an index can count
def test_mutated(zipped: bool, changes: list[tuple[float, int]]) -> None:
    content = bytearray(_whole(zipped))
    for place, value in changes:
        content[int(place * len(content))] = value
    _load(bytes(content))


@settings(max_examples=100, deadline=None)
@given(head=st.sampled_from([b"", b"PK\x03\x04", b"\x80\x02", b"\x80\x02}q\x00."]), rest=st.binary(max_size=200))
def test_random_bytes(head: bytes, rest: bytes) -> None:
    _load(head + rest)
