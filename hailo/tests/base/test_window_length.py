"""Windows: long enough, no longer than needed, and their means split."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.base.window_length import MEAN_LIMIT, mean_factors, next_factored, window_frames


@given(st.integers(1, 40_000))
def test_the_next_factored_window_splits_into_the_fewest_short_means(frames: int) -> None:
    rounded = next_factored(frames)
    factors = mean_factors(rounded)
    assert math.prod(factors) == rounded >= frames
    assert max(factors) <= MEAN_LIMIT
    assert len(factors) == max(1, math.ceil(math.log(rounded, MEAN_LIMIT) - 1e-9))


@given(
    seconds=st.floats(0.001, 20),
    kernel=st.integers(1, 80),
    stride=st.integers(1, 80),
    rate=st.sampled_from([8000, 16000, 44100]),
)
def test_a_window_holds_what_was_asked_for_and_less_than_a_stride_more(
    seconds: float, kernel: int, stride: int, rate: int
) -> None:
    stride = min(stride, kernel)
    spec = TasNetSpec(n_src=2, kernel_size=kernel, stride=stride, sample_rate=rate)
    frames = window_frames(spec, seconds, factored=False)
    samples = max(1, round(seconds * rate))
    assert (frames - 1) * stride + kernel >= samples
    assert frames == 1 or (frames - 2) * stride + kernel < samples


@pytest.mark.parametrize("seconds", [0, -1, math.nan, math.inf, 3601])
def test_a_length_that_is_none_is_refused(seconds: float) -> None:
    with pytest.raises(OptionError, match="seconds: found"):
        window_frames(TasNetSpec(n_src=2), seconds, factored=True)
