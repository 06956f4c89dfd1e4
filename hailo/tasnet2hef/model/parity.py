"""Compares an export with the reading of its file, and that reading with the genuine network's output.

An export is compared on one window per column, or on a stream of chunks. That proves the export, not the reading:
whether the file was understood shows only in an output of the network's own implementation.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import torch

from tasnet2hef.audio.samples import Samples, interleave
from tasnet2hef.base.errors import AudioError, OptionError, ParityError
from tasnet2hef.base.graph_contract import GraphContract
from tasnet2hef.base.npz import opened_npz, read_array
from tasnet2hef.base.parity import REFUSED_BELOW_DB, ParityRow, compare_sources
from tasnet2hef.base.records import RecordError
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.model.checkpoint import Checkpoint
from tasnet2hef.model.network.hailo_tasnet import HailoTasNet, separate_windows
from tasnet2hef.model.network.memory import next_past, set_past
from tasnet2hef.runtime.backends import Memory, StepBackend
from tasnet2hef.runtime.backends.frames import frames_to_tensor, tensor_to_frames
from tasnet2hef.runtime.backends.onnxruntime import OnnxRuntimeBackend
from tasnet2hef.runtime.backends.segment_names import paths_of_segments
from tasnet2hef.runtime.backends.segments import SegmentChain
from tasnet2hef.runtime.reference_clips import Reference
from tasnet2hef.runtime.speech_windows import separate_clips, speech_clips, stream_clip
from tasnet2hef.runtime.stream.chunks import ChunkStream

READING: Final = "reading of the file"
GENUINE: Final = "genuine output"
CHAINS: Final = {"chip": "segments", "host": "encoder, chip part and decoder"}
"""What runs in turn, by where the ends run."""
_FEWEST_FRAMES: Final = 64
REFERENCE_CLIPS = 2
"""Clips that are stored for the self-test, with the original's sources."""


def measure_parity(
    checkpoint: Checkpoint,
    net: HailoTasNet,
    model: onnx.ModelProto,
    parts: Sequence[onnx.ModelProto] = (),
    *,
    ends: str = "chip",
) -> tuple[tuple[ParityRow, ...], Reference]:
    """Run original, rewrite and ONNX Runtime on speech, one clip per column, and compare them.

    ``parts`` are the segments that the model was cut into, or the three parts of a net with its ``ends`` on the
    host; there are none where it stays whole. Clips and the original's sources are returned for the self-test of
    later stages.
    """
    contract = net.contract
    all_clips = speech_clips(contract, max(contract.streams, REFERENCE_CLIPS))
    all_sources = separate_by_original(checkpoint, all_clips, with_tail=contract.stateful)
    clips, original = all_clips[: contract.streams], all_sources[: contract.streams]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.onnx"
        onnx.save(model, path)
        backend = OnnxRuntimeBackend(path, as_written=True)
        chain = _open_chain(parts, path, ends)
    rewrite, deployed = separate_by_rewrite(net, clips), separate_clips(backend, clips)
    reference = Reference(all_clips[:REFERENCE_CLIPS], all_sources[:REFERENCE_CLIPS])
    rows = (
        _compare(f"{READING} / rewritten net", original, rewrite),
        _compare(f"{READING} / ONNX Runtime", original, deployed),
        _compare("rewritten net / ONNX Runtime", rewrite, deployed),
    )
    if chain is None:
        return rows, reference
    chained = separate_clips(chain, clips)
    return (*rows, _compare(f"ONNX Runtime / {CHAINS[ends]} in ONNX Runtime", deployed, chained)), reference


def measure_reading(checkpoint: Checkpoint, path: Path) -> ParityRow:
    """Compare the reading of a file with the genuine network's output for one input.

    ``path`` is an .npz of ``input`` ``[sample]`` and ``output`` ``[source, sample]``, or of ``[channel, sample]``
    and ``[source, channel, sample]`` for a net over several channels; leading axes of one are dropped. The samples
    that both have are compared: implementations trim or pad the end differently.

    Raises:
        OptionError: it can't be read, or its shapes don't fit the network.
        ParityError: they differ by more than -80 dB: the file was not understood.
    """
    mixture, genuine = _read_outputs(path, checkpoint.spec)
    with torch.no_grad():
        read = checkpoint.reference().double()(torch.tensor(mixture, dtype=torch.float64)[None])[0].numpy()
    samples = min(read.shape[1], genuine.shape[1])
    if samples < len(mixture) - 2 * checkpoint.spec.kernel_size:
        raise OptionError(f"{path}: output: found {genuine.shape[1]} samples for an input of {len(mixture)}")
    row = compare_sources(f"{GENUINE} / {READING}", genuine[:, :samples], read[:, :samples])
    if row.db < REFUSED_BELOW_DB:
        spec = checkpoint.spec
        names = ("mask_act", "norm_type", "n_blocks", "causal", "encoder_activation")
        options = ", ".join(f"{name}={getattr(spec, name)}" for name in names)
        raise ParityError(
            f"{path}: {row.pair}: found {row.db:.1f} dB signal-to-error, expected at least {REFUSED_BELOW_DB:.0f} "
            f"dB: the network is not what the file was read as ({options}); give what differs with --set"
        )
    return row


def _read_outputs(path: Path, spec: TasNetSpec) -> tuple[Samples, Samples]:
    """Read ``[sample]`` and ``[source, sample]``; several channels are interleaved."""
    try:
        with opened_npz(path) as archive:
            found = {name: read_array(archive, name) for name in ("input", "output")}
    except RecordError as error:
        raise OptionError(
            f"{path}: can't be read: {error}; give an .npz with input [sample] and output [source, sample]: "
            "np.savez(path, input=mixture, output=sources)"
        ) from error
    for name, array in found.items():
        if not np.issubdtype(array.dtype, np.number) or np.iscomplexobj(array):
            raise OptionError(f"{path}: {name}: found values of type {array.dtype}, expected samples")
        if not array.size:
            raise OptionError(f"{path}: {name}: found shape {list(array.shape)}, expected samples")
    channels, sources = spec.audio_channels, spec.n_src
    rows = {
        name: np.asarray(array.reshape(-1, array.shape[-1] if array.ndim else 1), np.float32)
        for name, array in found.items()
    }
    if (len(rows["input"]), len(rows["output"])) != (channels, sources * channels):
        axes = "sample" if channels == 1 else f"{channels}, sample"
        raise OptionError(
            f"{path}: found input {list(found['input'].shape)} and output {list(found['output'].shape)}, expected "
            f"[{axes}] and [{sources}, {axes}]"
        )
    mixture = interleave(rows["input"])
    genuine = interleave(rows["output"].reshape(sources, channels, -1))
    needed = max(_FEWEST_FRAMES, 2 * max(spec.dilations))
    if spec.frames_of(len(mixture)) < needed:
        samples, least = rows["input"].shape[1], ((needed - 1) * spec.stride + spec.kernel_size) // channels
        raise OptionError(
            f"{path}: input: found {samples} samples, expected at least {least} ({needed} frames): in fewer, "
            "other norms and dilations may have the same output"
        )
    if not (np.isfinite(mixture).all() and np.isfinite(genuine).all() and genuine.any()):
        raise AudioError(f"{path}: found NaN, infinite or only zero samples, expected speech")
    return mixture, genuine


def measure_zero_padding(checkpoint: Checkpoint, contract: GraphContract) -> float:
    """Return the signal-to-error in dB of a net of reflection padding when it pads with zeros instead."""
    clips = speech_clips(contract, REFERENCE_CLIPS)
    zeros = replace(checkpoint, spec=replace(checkpoint.spec, conv_padding="zeros"))
    separated = (separate_by_original(each, clips, with_tail=False) for each in (checkpoint, zeros))
    return _compare("", *separated).db


def _open_chain(parts: Sequence[onnx.ModelProto], path: Path, ends: str) -> SegmentChain | None:
    paths = paths_of_segments(path, len(parts), ends) if parts else ()
    for part, place in zip(parts, paths, strict=True):
        onnx.save(part, place)
    return SegmentChain(paths[0]) if parts else None


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
