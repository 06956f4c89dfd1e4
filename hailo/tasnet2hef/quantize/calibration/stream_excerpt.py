"""What a chunk in mid-stream is given: its frames, and the past rows that the chunks before it left."""

from __future__ import annotations

import numpy as np

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.graph_contract import INPUT_NAME, GraphContract
from tasnet2hef.runtime.backends import Memory, StepBackend
from tasnet2hef.runtime.stream.chunks import ChunkStream


def chunks_before(contract: GraphContract) -> int:
    """Return how many chunks a receptive field needs: what lies behind these can't reach the next one.

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
    """Stream an excerpt ``[sample]`` from silence on; return what its last chunk is given, by the graph's inputs.

    Past rows are as the chunk before left them. All are ``[row, 1, feature]``, as the compiler wants them; of the
    frames a row's features are its samples.

    Raises:
        RefusedError: the net returned NaN or infinite samples.
    """
    noted = _Noted(backend)
    ChunkStream(noted).feed(excerpt)
    given = {name: rows.transpose(0, 2, 3, 1)[0] for name, rows in noted.memory.items()}
    return {INPUT_NAME: noted.frames[:, None], **given}


def chunk_note(contract: GraphContract) -> str:
    """Return what a calibration window is where it is a chunk."""
    rate, samples = contract.spec.sample_rate, excerpt_samples(contract)
    return (
        f"each window is a chunk of {1000 * contract.window_samples / rate:.0f} ms and the past rows that "
        f"{chunks_before(contract)} chunks before it left: {samples / rate:.2f} s of audio from silence on"
    )


class _Noted(StepBackend):
    """A backend that keeps the last frames and memory that it was run on."""

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
