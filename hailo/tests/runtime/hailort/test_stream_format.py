from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasnet2hef.base.errors import DeviceError
from tasnet2hef.runtime.backends.hailort.program import ResultPool
from tasnet2hef.runtime.backends.hailort.stream_format import FloatFormat, Quantisation, QuantisedFormat, Stream

SHAPE = (6, 2, 4)


def stream(code_type: str) -> Stream:
    return Stream("frames", "net/input_layer1", SHAPE, code_type)


@settings(max_examples=60, deadline=None)
@given(
    code_type=st.sampled_from(["uint8", "uint16"]),
    scales=st.lists(st.floats(1e-5, 0.1), min_size=1, max_size=1),
    zero_point=st.integers(0, 255),
    seed=st.integers(0, 2**16),
)
def test_values_come_back_within_half_a_step_and_are_clipped_at_the_ends(code_type, scales, zero_point, seed):
    infos = [SimpleNamespace(qp_scale=scale, qp_zp=zero_point) for scale in scales]
    quantised = QuantisedFormat(stream(code_type), Quantisation.from_infos(infos, "net.hef: out"))
    real = np.random.default_rng(seed).normal(0, 3, (6, 8)).astype(np.float32)
    codes = quantised.encode(real)
    assert codes.dtype == code_type
    assert codes.shape == SHAPE
    assert codes.flags.c_contiguous
    assert quantised.output_buffer(real) is codes
    back = np.zeros_like(real)
    quantised.decode_into(back)
    steps = np.broadcast_to(np.float32(scales), SHAPE)
    low, high = -zero_point * steps, (np.iinfo(code_type).max - zero_point) * steps
    wanted = np.clip(real.reshape(SHAPE), low, high)
    assert (np.abs(back.reshape(SHAPE) - wanted) <= 0.5 * steps * 1.01 + 1e-5 * np.abs(wanted)).all()


def test_a_scale_of_zero_is_refused():
    with pytest.raises(DeviceError, match=r"net.hef: out: found a scale of 0, .* use the float stream format"):
        Quantisation.from_infos([SimpleNamespace(qp_scale=0.0, qp_zp=0.0)], "net.hef: out")


def test_frames_that_are_read_only_are_copied():
    real = np.zeros((6, 8), np.float32)
    real.flags.writeable = False
    assert FloatFormat(stream("uint8")).encode(real).flags.writeable


@given(order=st.sampled_from("CF"), kind=st.sampled_from(["float32", "float64"]))
def test_float_values_pass_as_they_are(order, kind):
    real = np.asarray(np.random.default_rng(0).standard_normal((6, 8)), kind, order=order)
    codes = FloatFormat(stream("uint8")).encode(real)
    np.testing.assert_array_equal(codes.reshape(6, 8), real.astype(np.float32))
    assert codes.flags.c_contiguous
    assert np.shares_memory(codes, real) == (order == "C" and kind == "float32")


@settings(max_examples=60, deadline=None)
@given(in_use=st.lists(st.integers(0, 4), min_size=1, max_size=40))
def test_a_result_is_never_written_while_it_is_held(in_use):
    """Each entry says for how many runs a part of that run's result is kept."""
    pool = ResultPool({"sources": (2, 5, 4), "state": (3,)})
    kept = []
    for number, runs in enumerate(in_use):
        buffer = pool.take()
        for values in buffer.values():
            values[:] = number
        # A part of it, as streams keep the tail of a window.
        kept.append((number + runs, number, buffer["sources"][:, 3:], buffer["state"]))
        kept = [each for each in kept if each[0] > number]
        del buffer, values
        for _, mark, *parts in kept:
            assert all((part == mark).all() for part in parts)
    assert pool.buffers <= 5
