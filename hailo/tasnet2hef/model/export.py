"""From a checkpoint to a checked ONNX graph: build the rewrite, compare it with the original, write it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import onnx

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.files import written_beside
from tasnet2hef.base.graph_contract import GraphContract
from tasnet2hef.base.parity import ParityRow, require_parity
from tasnet2hef.base.plain import plain
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.base.window_length import window_frames
from tasnet2hef.model.checkpoint import Checkpoint, load_checkpoint
from tasnet2hef.model.network.build_options import BuildOptions
from tasnet2hef.model.network.hailo_tasnet import HailoTasNet
from tasnet2hef.model.network.norms import norm_strategy
from tasnet2hef.model.onnx_writer import make_model
from tasnet2hef.model.parity import measure_parity, measure_reading, measure_zero_padding
from tasnet2hef.model.segments import split_model
from tasnet2hef.runtime.backends.segment_names import segment_path
from tasnet2hef.runtime.reference_clips import reference_path, save_reference
from tasnet2hef.target.graph.opened import OpenedGraph

LONGEST_CHUNK: Final = 4096
"""Frames; 4 s at a stride of 8 samples and 8 kHz: beyond it a window is the better choice."""


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """What a user chooses for an export; for the rest see ``BuildOptions``."""

    seconds: float = 2.0
    layout: str = "tall"
    residual: str = "separate"
    shift: str = "fold"
    streams: int = 1
    chunk_frames: int | None = None
    """Frames of a chunk: makes the graph stateful; ``seconds`` is then ignored."""
    segments: int = 1
    """More than one: segments are written beside the whole graph."""
    reference: Path | None = None
    """An .npz of an input and the genuine network's output, which prove the reading of the file."""
    zero_padding: bool = False
    """Pad with zeros where the net pads by reflection, and measure what that costs."""


@dataclass(frozen=True, kw_only=True)
class ExportReport:
    """What an export wrote, and how closely it equals the original."""

    onnx_path: Path
    selftest_path: Path
    """Speech and its sources as the original separates it, for `selftest`."""
    contract: GraphContract
    nodes: int
    parity: tuple[ParityRow, ...]
    notes: tuple[str, ...]
    elapsed_seconds: float
    segment_paths: tuple[Path, ...] = ()
    """One file per segment, in the order in which they run; empty for a graph that stays whole."""
    graphs: tuple[OpenedGraph, ...] = ()
    """The graphs that were written, opened: the whole one, then its segments."""
    is_reading_proved: bool = False
    """The genuine network's output was given and equals that of the reading."""
    zero_padding_db: float | None = None
    """Signal-to-error of zero padding in place of reflection; None where the net's own padding was kept."""

    @property
    def window_seconds(self) -> float:
        """Length of the window in seconds of audio."""
        return self.contract.window_samples / self.contract.spec.values_per_second

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "onnx": str(self.onnx_path),
            "spec": self.contract.spec.as_dict(),
            "window_frames": self.contract.window_frames,
            "window_samples": self.contract.window_samples,
            "seconds": self.window_seconds,
            "norm": self.contract.norm,
            "layout": self.contract.layout,
            "residual": self.contract.residual,
            "streams": self.contract.streams,
            "stateful": self.contract.stateful,
            "input_level_dbfs": self.contract.input_level_dbfs,
            "state_values": self.contract.state_values,
            "selftest": str(self.selftest_path),
            "segments": plain(self.segment_paths),
            "nodes": self.nodes,
            "parity": plain(self.parity),
            "is_reading_proved": self.is_reading_proved,
            "zero_padding_db": self.zero_padding_db,
            "notes": list(self.notes),
            "elapsed_seconds": self.elapsed_seconds,
        }


def export_file(
    checkpoint_path: str,
    onnx_path: Path,
    options: ExportOptions,
    spec_options: Mapping[str, object] | None = None,
    *,
    assume: bool = False,
) -> ExportReport:
    """Convert a checkpoint file (or a Hugging Face id) to ONNX; see :func:`export_checkpoint`."""
    return export_checkpoint(load_checkpoint(checkpoint_path, spec_options, assume=assume), onnx_path, options)


def export_checkpoint(checkpoint: Checkpoint, onnx_path: Path, options: ExportOptions) -> ExportReport:
    """Write ``checkpoint`` as a Hailo-native ONNX graph that equals it.

    Raises:
        OptionError: the net, the window, the reference or the place to write can't be used.
        ParityError: the graph differs from the checkpoint, or the checkpoint from the genuine network's output, by
            more than -80 dB; nothing is written.
    """
    start = time.perf_counter()
    proof = () if options.reference is None else (measure_reading(checkpoint, options.reference),)
    original, checkpoint = checkpoint, _with_padding(checkpoint, options)
    net, notes = build(checkpoint, options)
    loss_db = measure_zero_padding(original, net.contract) if options.zero_padding else None
    model = make_model(net)
    parts = split_model(model, options.segments) if options.segments != 1 else []
    parity, reference = measure_parity(checkpoint, net, model, parts)
    require_parity(parity, str(onnx_path))
    segment_paths = tuple(segment_path(onnx_path, number) for number in range(1, len(parts) + 1))
    graphs = [_write(part, path) for part, path in zip((model, *parts), (onnx_path, *segment_paths), strict=True)]
    selftest_path = save_reference(reference_path(onnx_path), reference)
    return ExportReport(
        onnx_path=onnx_path,
        contract=net.contract,
        nodes=len(model.graph.node),
        parity=(*proof, *parity),
        is_reading_proved=bool(proof),
        zero_padding_db=loss_db,
        notes=(*checkpoint.notes, *notes),
        elapsed_seconds=time.perf_counter() - start,
        segment_paths=segment_paths,
        selftest_path=selftest_path,
        graphs=tuple(graphs),
    )


def _with_padding(checkpoint: Checkpoint, options: ExportOptions) -> Checkpoint:
    """Return the checkpoint with the padding that its graph will have."""
    if not options.zero_padding:
        return checkpoint
    if checkpoint.spec.conv_padding == "zeros":
        raise OptionError("zero-padding: found a net that pads with zeros already; leave it out")
    return replace(checkpoint, spec=replace(checkpoint.spec, conv_padding="zeros"))


def _write(model: onnx.ModelProto, path: Path) -> OpenedGraph:
    data = model.SerializeToString()
    with written_beside(path) as temporary:
        temporary.write_bytes(data)
    return OpenedGraph(model, path, data)


def build(checkpoint: Checkpoint, options: ExportOptions) -> tuple[HailoTasNet, tuple[str, ...]]:
    """Build the rewritten network; also return notes on where it differs from the options."""
    spec = checkpoint.spec
    requested, frames = _window_frames(spec, options)
    net = HailoTasNet(
        spec,
        checkpoint.weights,
        BuildOptions(
            window_frames=frames,
            layout=options.layout,
            residual=options.residual,
            shift=options.shift,
            streams=options.streams,
            stateful=options.chunk_frames is not None,
            input_level_dbfs=checkpoint.input_level_dbfs,
        ),
    )
    notes = []
    if frames != requested:
        notes.append(
            f"window rounded up from {requested} to {frames} frames "
            f"({net.contract.window_samples / spec.values_per_second:.3f} s), so that its means split into steps "
            "of at most 128 frames"
        )
    if options.residual == "joint" and net.contract.residual != "joint":
        notes.append("residual joint has nothing to join: this net has no skip path")
    return net.eval(), tuple(notes)


def _window_frames(spec: TasNetSpec, options: ExportOptions) -> tuple[int, int]:
    """Return the requested frames, and those of the window (which may be longer) or chunk."""
    chunk = options.chunk_frames
    if chunk is None:
        factored = norm_strategy(spec) == "exact"
        requested = window_frames(spec, options.seconds, factored=False)
        return requested, window_frames(spec, options.seconds, factored=factored)
    if not 1 <= chunk <= LONGEST_CHUNK:
        raise OptionError(f"chunk: found {chunk} frames, expected 1 to {LONGEST_CHUNK}")
    return chunk, chunk
