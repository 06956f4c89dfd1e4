"""The inputs of a chunk in mid-stream: its frames, and the past rows left by the chunks before it."""

from __future__ import annotations

import numpy as np

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.graph_contract import INPUT_NAME, GraphContract
from tasnet2hef.runtime.backends import Memory, StepBackend
from tasnet2hef.runtime.stream.chunks import ChunkStream


def chunks_before(contract: GraphContract) -> int:
    """Return how many chunks a receptive field covers: earlier chunks can't affect the next one.

    >>> from tasnet2hef.base.spec import TasNetSpec
    >>> chunks_before(GraphContract(spec=TasNetSpec(n_src=2), window_frames=32, norm="folded", stateful=True))
    48
    """
    return -(-(contract.spec.receptive_field_frames - 1) // contract.window_frames)


def excerpt_samples(contract: GraphContract) -> int:
    """Return the samples that one calibration window is made from: a window, or a receptive field and one chunk.

    The latter are the chunk that is kept and the `chunks_before` it, minus the zeros that the original pads.
    """
    if not contract.stateful:
        return contract.window_samples
    spec = contract.spec
    padding_frames = -(-spec.encoder_padding // spec.stride)
    frames = chunks_before(contract) * contract.window_frames + padding_frames
    return frames * spec.stride + contract.window_samples


def last_chunk(backend: StepBackend, excerpt: Samples) -> dict[str, Samples]:
    """Stream an excerpt ``[sample]``, starting from silence; return the inputs of its last chunk by name.

    Past rows are as the chunk before left them. All are ``[row, 1, feature]``, as the compiler expects them; the
    features of a row of frames are its samples.

    Raises:
        RefusedError: the net returned NaN or infinite samples.
    """
    recorder = _InputRecorder(backend)
    ChunkStream(recorder).feed(excerpt)
    states = {name: rows.transpose(0, 2, 3, 1)[0] for name, rows in recorder.memory.items()}
    return {INPUT_NAME: recorder.frames[:, None], **states}


def chunk_note(contract: GraphContract) -> str:
    """Return a note on what a calibration window holds if it is a chunk."""
    rate, samples = contract.spec.values_per_second, excerpt_samples(contract)
    return (
        f"each window is a chunk of {1000 * contract.window_samples / rate:.0f} ms and the past rows that "
        f"{chunks_before(contract)} chunks before it left: {samples / rate:.2f} s of audio from silence on"
    )


class _InputRecorder(StepBackend):
    """A backend that keeps the frames and memory of its last run."""

    def __init__(self, backend: StepBackend) -> None:
        self._backend = backend
        self.frames: Samples = np.empty((0, 0), np.float32)
        self.memory: Memory = {}

    @property
    def contract(self) -> GraphContract:
        return self._backend.contract

    def empty_memory(self) -> Memory:
        return self._backend.empty_memory()

    def run_step(self, frames: Samples, memory: Memory) -> tuple[Samples, Memory]:
        self.frames, self.memory = frames, memory
        return self._backend.run_step(frames, memory)
