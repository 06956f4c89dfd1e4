"""Clips of real speech through a backend: one window per column, or a stream of chunks."""

from __future__ import annotations

import numpy as np

from tasnet2hef.audio.level import levelling_gain
from tasnet2hef.audio.samples import Samples, interleave
from tasnet2hef.audio.speech import speech_clip
from tasnet2hef.base.graph_contract import GraphContract
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.runtime.backends import Backend, StepBackend
from tasnet2hef.runtime.backends.frames import frames_to_streams, streams_to_frames
from tasnet2hef.runtime.stream.chunks import ChunkStream


def speech_clips(contract: GraphContract, count: int) -> Samples:
    """Return ``count`` clips ``[clip, sample]`` of a window each; if stateful, one of two receptive fields.

    For a net that expects a speech level the clips have it: calibrated ranges hold for that level only.
    """
    spec = contract.spec
    samples = contract.window_samples
    if contract.stateful:
        count, samples = 1, (2 * spec.receptive_field_frames + 3 * contract.window_frames) * spec.stride
    speech = _speech(count * samples, spec)
    gain = np.float32(levelling_gain(speech, spec.values_per_second, contract.input_level_dbfs))
    return (gain * speech).reshape(count, samples)


def _speech(values: int, spec: TasNetSpec) -> Samples:
    """Return speech ``[value]``; of several channels each later one is softer and later, as in a room."""
    channels = spec.audio_channels
    mono = speech_clip(values // channels, spec.sample_rate)
    late = [np.roll(mono, 7 * number) * np.float32(0.8**number) for number in range(channels)]
    return interleave(np.stack(late))


def separate_clips(backend: Backend, clips: Samples) -> Samples:
    """Separate ``[clip, sample]`` into ``[clip, source, sample]``; columns without a clip hold silence."""
    if isinstance(backend, StepBackend) and backend.contract.stateful:
        return np.stack([stream_clip(ChunkStream(backend), clip) for clip in clips])
    streams = backend.contract.streams
    separated = []
    for first in range(0, len(clips), streams):
        part = clips[first : first + streams]
        windows = np.zeros((streams, clips.shape[1]), np.float32)
        windows[: len(part)] = part
        sources = backend.run(streams_to_frames(windows, backend.contract))
        separated.append(frames_to_streams(sources, backend.contract)[: len(part)])
    return np.concatenate(separated)


def stream_clip(stream: ChunkStream, clip: Samples) -> Samples:
    """Stream one clip ``[sample]`` to its end; return ``[source, sample]``."""
    return np.concatenate([stream.feed(clip), stream.flush()], axis=1)
