from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasnet2hef.base.errors import OptionError, RefusedError
from tasnet2hef.runtime.stream.chunks import ChunkStream
from tasnet2hef.runtime.stream.streamer import make_streamer

CHUNKS = st.fixed_dictionaries(
    {
        "window_frames": st.integers(1, 40),
        "kernel_size": st.sampled_from([8, 15, 16, 24]),
        "stride": st.sampled_from([4, 8]),
        "encoder_padding": st.sampled_from([0, 4, 8]),
    }
)


class CountingSplit:
    """Keeps the first rows of a chunk, as one tap of a decoder does, and counts its chunks in its memory."""

    def __init__(self, contract) -> None:
        self.contract = replace(contract, stateful=True)

    def empty_memory(self):
        return {"chunks": np.zeros(1, np.float32)}

    def run(self, frames):
        return self.run_step(frames, self.empty_memory())[0]

    def run_step(self, frames, memory):
        seen = frames.copy()
        seen[self.contract.window_frames :] = 0
        return np.stack([np.maximum(seen, 0), np.minimum(seen, 0)]), {"chunks": memory["chunks"] + 1}


@settings(max_examples=100, deadline=None)
@given(chunk=CHUNKS, samples=st.integers(0, 2000), size=st.integers(1, 700))
def test_net_that_changes_nothing_gives_the_input_back(contract, chunk, samples, size):
    stream = ChunkStream(CountingSplit(contract(**chunk, norm="folded", causal=True)))
    clip = np.random.default_rng(0).standard_normal(samples).astype(np.float32)
    fed = ready = 0
    parts = []
    for at in range(0, samples, size):
        parts.append(stream.feed(clip[at : at + size]))
        fed, ready = fed + len(clip[at : at + size]), ready + parts[-1].shape[1]
        assert 0 <= fed - ready < stream.lag_samples
    streamed = np.concatenate([*parts, stream.flush()], axis=1)
    np.testing.assert_array_equal(streamed, np.stack([np.maximum(clip, 0), np.minimum(clip, 0)]))
    assert stream._memory["chunks"] == stream.windows
    assert stream.lag_ms == stream.lag_samples / 8


def test_nan_from_the_model_is_refused(contract):
    backend = CountingSplit(contract(norm="folded", causal=True))
    with pytest.raises(RefusedError, match="NaN or infinite"):
        ChunkStream(backend).feed(np.full(800, np.nan, np.float32))


def test_a_stateful_graph_chooses_its_streamer(contract, sign_split):
    description = contract(norm="folded", causal=True)
    assert isinstance(make_streamer(CountingSplit(description)), ChunkStream)
    with pytest.raises(OptionError, match="found a runtime that keeps no state"):
        make_streamer(sign_split(replace(description, stateful=True)))
    with pytest.raises(OptionError, match="halo full: found a stateful graph"):
        make_streamer(CountingSplit(description), halo="full")
