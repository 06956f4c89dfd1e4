"""The inputs of a chunk in mid-stream: its frames, and the past rows that the chunks before it left."""

from __future__ import annotations

import numpy as np

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.graph_contract import INPUT_NAME, GraphContract
from tasnet2hef.runtime.backends import Memory, StepBackend
from tasnet2hef.runtime.stream.chunks import ChunkStream


def chunks_before(contract: GraphContract) -> int:
    """Return how many chunks a receptive field covers: earlier ones can't affect the next chunk.

    >>> from tasnet2hef.base.spec import TasNetSpec
    >>> chunks_before(GraphContract(spec=TasNetSpec(n_src=2), window_frames=32, norm="folded", stateful=True))
    48
    """
    return -(-(contract.spec.receptive_field_frames - 1) // contract.window_frames)


def excerpt_samples(contract: GraphContract) -> int:
    """Return the samples that one calibration window is made from: a window, or a receptive field and one chunk.

    The latter are the chunk that is kept and the `chunks_before` it, less the zeros that the original pads.
    """
    if not contract.stateful:
        return contract.window_samples
    spec = contract.spec
    padding_frames = -(-spec.encoder_padding // spec.stride)
    frames = chunks_before(contract) * contract.window_frames + padding_frames
    return frames * spec.stride + contract.window_samples


def last_chunk(backend: StepBackend, excerpt: Samples) -> dict[str, Samples]:
    """Stream an excerpt ``[sample]``, starting from silence; return the inputs of its last chunk by their names.

    Past rows are as the chunk before left them. All arrays are ``[row, 1, feature]``, as the compiler expects;
    the features of a row of frames are its samples.

    Raises:
        RefusedError: the net returned NaN or infinite samples.
    """
    recorder = _LastInputs(backend)
    ChunkStream(recorder).feed(excerpt)
    past_rows = {name: rows.transpose(0, 2, 3, 1)[0] for name, rows in recorder.memory.items()}
    return {INPUT_NAME: recorder.frames[:, None], **past_rows}


def chunk_note(contract: GraphContract) -> str:
    """Return a sentence on what a calibration window of a stateful graph holds."""
    rate, samples = contract.spec.sample_rate, excerpt_samples(contract)
    return (
        f"each window is a chunk of {1000 * contract.window_samples / rate:.0f} ms and the past rows that "
        f"{chunks_before(contract)} chunks before it left: {samples / rate:.2f} s of audio from silence on"
    )


class _LastInputs(StepBackend):
    """Runs a backend and keeps the frames and the memory of the last run."""

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
