from __future__ import annotations

from itertools import zip_longest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.parity import signal_to_error_db
from tasnet2hef.runtime.stream.column_mixer import ColumnMixer
from tasnet2hef.runtime.stream.streamer import make_streamer
from tests.runtime.stream.test_chunks import CountingSplit

SMALL = {"n_blocks": 2, "n_repeats": 1, "norm": "folded"}


def noise(seed: int, samples: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(samples).astype(np.float32)


def mixed(mixer: ColumnMixer, clips: list[np.ndarray], sizes: list[int]) -> list[np.ndarray]:
    """Feed each stream in blocks of its own size."""
    blocks = [
        [clip[at : at + size] for at in range(0, len(clip), size)] for clip, size in zip(clips, sizes, strict=True)
    ]
    nothing = np.zeros(0, np.float32)
    parts = [mixer.feed(together) for together in zip_longest(*blocks, fillvalue=nothing)]
    return [np.concatenate(each, axis=1) for each in zip(*parts, mixer.flush(), strict=True)]


@settings(max_examples=60, deadline=None)
@given(
    columns=st.sampled_from([1, 2, 4, 8]),
    lengths=st.lists(st.integers(0, 3000), min_size=1, max_size=5),
    size=st.integers(50, 900),
    options=st.sampled_from([{"overlap": 0.0}, {"overlap": 0.5}, {"halo": "full"}, {"halo": 1.0}]),
)
def test_each_stream_comes_out_as_if_alone(contract, sign_split, columns, lengths, size, options):
    clips = [noise(number, samples) for number, samples in enumerate(lengths)]
    sizes = [size + 37 * number for number in range(len(clips))]
    mixer = ColumnMixer(sign_split(contract(streams=columns, **SMALL)), len(clips), **options)
    for clip, separated in zip(clips, mixed(mixer, clips, sizes), strict=True):
        alone = make_streamer(sign_split(contract(**SMALL)), **options)
        np.testing.assert_array_equal(separated, np.concatenate([alone.feed(clip), alone.flush()], axis=1))
        assert mixer.streamer.lag_samples == alone.lag_samples


@pytest.mark.parametrize(("columns", "streams", "runs"), [(1, 4, 40), (4, 4, 10), (8, 4, 10), (2, 3, 20)])
def test_streams_that_are_fed_alike_share_the_runs_of_the_net(contract, sign_split, columns, streams, runs):
    net = sign_split(contract(streams=columns))
    mixer = ColumnMixer(net, streams, overlap=0.5)
    mixer.feed([noise(0, 800 + 9 * 400)] * streams)
    assert (net.runs, mixer.windows) == (runs, 10 * streams)


def test_a_stateful_graph_keeps_a_memory_for_each_stream(contract):
    backend = CountingSplit(contract(norm="folded", causal=True))
    mixer = ColumnMixer(backend, 2)
    loud, quiet = noise(0, 3000), 0.01 * noise(1, 1200)
    separated = mixed(mixer, [loud, quiet], [500, 300])
    for clip, sources in zip([loud, quiet], separated, strict=True):
        np.testing.assert_array_equal(sources, np.stack([np.maximum(clip, 0), np.minimum(clip, 0)]))


def test_no_stream_and_another_number_of_blocks_are_refused(contract, sign_split):
    with pytest.raises(OptionError, match="streams: found 0, expected 1 or more"):
        ColumnMixer(sign_split(contract()), 0)
    with pytest.raises(ValueError, match="shorter"):
        ColumnMixer(sign_split(contract()), 2).feed([noise(0, 10)])


@pytest.mark.slow
@pytest.mark.parametrize("norm_type", ["gLN", "bN"])
def test_exported_columns_equal_the_same_stream_alone(tmp_path, norm_type):
    pytest.importorskip("torch", reason="exporting needs torch")
    from tasnet2hef.model.checkpoint import from_module
    from tasnet2hef.model.export import ExportOptions, export_checkpoint
    from tasnet2hef.runtime.backends.onnxruntime import OnnxRuntimeBackend
    from tests.random_weights import random_reference, small_spec

    checkpoint = from_module(random_reference(small_spec(norm_type=norm_type)))
    opened = {}
    for streams in (1, 4):
        path = tmp_path / f"{streams}.onnx"
        export_checkpoint(checkpoint, path, ExportOptions(seconds=0.25, streams=streams))
        opened[streams] = OnnxRuntimeBackend(path, 1)
    clips = [0.1 * noise(number, 7000 - 500 * number) for number in range(3)]
    for clip, separated in zip(clips, mixed(ColumnMixer(opened[4], 3), clips, [400, 300, 250]), strict=True):
        alone = make_streamer(opened[1])
        expected = np.concatenate([alone.feed(clip), alone.flush()], axis=1)
        assert signal_to_error_db(expected, separated) >= 100
