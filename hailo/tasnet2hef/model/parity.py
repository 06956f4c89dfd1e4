"""Compares an export with its original: one window per column, or a stream of chunks."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.graph_contract import GraphContract
from tasnet2hef.base.parity import ParityRow, compare_sources
from tasnet2hef.model.checkpoint import Checkpoint
from tasnet2hef.model.network.hailo_tasnet import HailoTasNet, separate_windows
from tasnet2hef.model.network.memory import next_past, set_past
from tasnet2hef.runtime.backends import Memory, StepBackend
from tasnet2hef.runtime.backends.frames import frames_to_tensor, tensor_to_frames
from tasnet2hef.runtime.backends.onnxruntime import OnnxRuntimeBackend
from tasnet2hef.runtime.backends.segment_names import segment_path
from tasnet2hef.runtime.backends.segments import SegmentChain
from tasnet2hef.runtime.reference_clips import Reference
from tasnet2hef.runtime.speech_windows import separate_clips, speech_clips, stream_clip
from tasnet2hef.runtime.stream.chunks import ChunkStream

REFERENCE_CLIPS = 2
"""Clips that are stored for the self-test, with the original's sources."""


def measure_parity(
    checkpoint: Checkpoint, net: HailoTasNet, model: onnx.ModelProto, parts: Sequence[onnx.ModelProto] = ()
) -> tuple[tuple[ParityRow, ...], Reference]:
    """Run original, rewrite and ONNX Runtime on speech, one clip per column, and compare them.

    ``parts`` are the segments that the model was cut into; there are none where it stays whole. Clips and the
    original's sources are returned for the self-test of later stages.
    """
    contract = net.contract
    all_clips = speech_clips(contract, max(contract.streams, REFERENCE_CLIPS))
    all_sources = separate_by_original(checkpoint, all_clips, with_tail=contract.stateful)
    clips, original = all_clips[: contract.streams], all_sources[: contract.streams]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.onnx"
        onnx.save(model, path)
        backend = OnnxRuntimeBackend(path, as_written=True)
        chain = _open_chain(parts, path)
    rewrite, deployed = separate_by_rewrite(net, clips), separate_clips(backend, clips)
    reference = Reference(all_clips[:REFERENCE_CLIPS], all_sources[:REFERENCE_CLIPS])
    rows = (
        _compare("original / HailoTasNet", original, rewrite),
        _compare("original / ONNX Runtime", original, deployed),
        _compare("HailoTasNet / ONNX Runtime", rewrite, deployed),
    )
    if chain is None:
        return rows, reference
    chained = separate_clips(chain, clips)
    return (*rows, _compare("ONNX Runtime / segments in ONNX Runtime", deployed, chained)), reference


def _open_chain(parts: Sequence[onnx.ModelProto], path: Path) -> SegmentChain | None:
    for number, part in enumerate(parts, start=1):
        onnx.save(part, segment_path(path, number))
    return SegmentChain(segment_path(path, 1)) if parts else None


def separate_by_original(checkpoint: Checkpoint, clips: Samples, *, with_tail: bool) -> Samples:
    """Separate whole clips ``[stream, sample]``; ``with_tail`` appends silence, as a stream of chunks has it.

    In float64, so that the original's own rounding errors are left out of the comparison.
    """
    spec, samples = checkpoint.spec, clips.shape[1]
    padded = np.pad(clips, ((0, 0), (0, 2 * spec.kernel_size * with_tail)))
    with torch.no_grad():
        separated = checkpoint.reference().double()(torch.from_numpy(padded).double())
    sources: Samples = separated[..., :samples].numpy().astype(np.float32)
    return sources


def separate_by_rewrite(net: HailoTasNet, clips: Samples) -> Samples:
    """Separate ``[stream, sample]`` with the torch network into ``[stream, source, sample]``."""
    if not net.contract.stateful:
        return separate_windows(net, clips)
    return np.stack([stream_clip(ChunkStream(TorchSteps(net)), clip) for clip in clips])


class TorchSteps(StepBackend):
    """A stateful network as a backend that runs chunk by chunk."""

    def __init__(self, net: HailoTasNet) -> None:
        self._net = net

    @property
    def contract(self) -> GraphContract:
        """The network's contract."""
        return self._net.contract

    @torch.no_grad()
    def run_step(self, frames: Samples, memory: Memory) -> tuple[Samples, Memory]:
        """Run one chunk; also return the memory for the next one."""
        set_past(self._net, memory)
        outputs = self._net(torch.from_numpy(frames_to_tensor(frames, self.contract)))
        sources = np.stack([tensor_to_frames(output.numpy(), self.contract) for output in outputs])
        return sources, dict(zip(memory, next_past(self._net), strict=True))


def _compare(pair: str, expected: Samples, actual: Samples) -> ParityRow:
    """Compare ``[stream, source, sample]``; the worst source of the worst column counts."""
    return compare_sources(pair, *(each.reshape(-1, each.shape[-1]) for each in (expected, actual)))
