"""From a checkpoint to a checked ONNX graph: build the rewrite, compare it with the original, write it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import onnx

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.files import require_writable, written_beside
from tasnet2hef.base.graph_contract import ENDS, GraphContract
from tasnet2hef.base.host_ends import CHIP_PART
from tasnet2hef.base.marks import ONNX_KEY, Mark
from tasnet2hef.base.outputs import Output, require_outputs
from tasnet2hef.base.parity import ParityRow, require_parity
from tasnet2hef.base.plain import plain
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.base.window_length import window_frames
from tasnet2hef.model.checkpoint import Checkpoint, load_checkpoint
from tasnet2hef.model.checkpoint.load import files_of
from tasnet2hef.model.host_ends import split_ends
from tasnet2hef.model.network.build_options import BuildOptions
from tasnet2hef.model.network.hailo_tasnet import HailoTasNet
from tasnet2hef.model.network.norms import norm_strategy
from tasnet2hef.model.onnx_writer import make_model
from tasnet2hef.model.parity import measure_parity, measure_reading, measure_zero_padding
from tasnet2hef.model.segments import split_model
from tasnet2hef.runtime.backends.segment_names import part_path, paths_of_segments
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
    ends: str = "chip"
    """``host``: the host's encoder, the chip part and the host's decoder are written beside the whole graph."""
    reference: Path | None = None
    """An .npz of an input and the genuine network's output, which prove the reading of the file."""
    force: bool = False
    """Replace files that another run, or the user, made."""
    zero_padding: bool = False
    """Pad with zeros where the net pads by reflection, and measure what that costs."""

    def __post_init__(self) -> None:
        """Check what no later step does.

        Raises:
            OptionError: ``ends`` is not one of its choices, or excludes another option.
        """
        if self.ends not in ENDS:
            raise OptionError(f"ends: found {self.ends!r}, expected {' or '.join(ENDS)}")
        if self.ends == "host" and self.segments != 1:
            raise OptionError(f"ends host: found {self.segments} segments beside it, expected 1; leave one out")


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
    """One file per segment or part, in the order in which they run; empty for a graph that stays whole."""
    ends: str = "chip"
    """Where encoder and decoders run; on the ``host`` there are three parts."""
    graphs: tuple[OpenedGraph, ...] = ()
    """The graphs that were written, opened: the whole one, then its segments or parts."""
    is_reading_proved: bool = False
    """The genuine network's output was given and equals that of the reading."""
    zero_padding_db: float | None = None
    """Signal-to-error of zero padding in place of reflection; None where the net's own padding was kept."""

    @property
    def for_chip(self) -> tuple[OpenedGraph, ...]:
        """The graphs to check for the chip: the whole one and its segments, or the chip part alone."""
        if self.ends == "chip":
            return self.graphs
        chip_path = part_path(self.onnx_path, CHIP_PART)
        return tuple(graph for graph in self.graphs if graph.path == chip_path)

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
            "ends": self.ends,
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
    require_writable(onnx_path)
    checkpoint = load_checkpoint(checkpoint_path, spec_options, assume=assume)
    return export_checkpoint(checkpoint, onnx_path, options, files_of(checkpoint_path))


def export_mark(checkpoint: Checkpoint) -> Mark:
    """Return the mark of a checkpoint's exports."""
    return Mark.of("convert", checkpoint.digest)


def export_outputs(checkpoint: Checkpoint, onnx_path: Path, options: ExportOptions) -> list[Output]:
    """Return the files that an export writes: the graph, its segments or parts, the reference for ``selftest``."""
    mark = export_mark(checkpoint)
    size_bytes = sum(4 * tensor.numel() for tensor in checkpoint.weights.values())
    graph, reference = Output(onnx_path, mark, size_bytes), Output(reference_path(onnx_path), mark)
    parts = paths_of_segments(onnx_path, options.segments, options.ends)
    return [graph, reference, *(Output(path, mark, size_bytes // len(parts)) for path in parts)]


def export_checkpoint(
    checkpoint: Checkpoint, onnx_path: Path, options: ExportOptions, inputs: Sequence[Path] = ()
) -> ExportReport:
    """Write ``checkpoint`` as a Hailo-native ONNX graph that equals it; ``inputs`` are the files it was read from.

    Raises:
        OptionError: the net, the window, the reference or the place to write can't be used.
        ParityError: the graph differs from the checkpoint, or the checkpoint from the genuine network's output, by
            more than -80 dB; nothing is written.
    """
    start = time.perf_counter()
    inputs = [*inputs, *([] if options.reference is None else [options.reference])]
    require_outputs(export_outputs(checkpoint, onnx_path, options), inputs, force=options.force)
    mark = export_mark(checkpoint)
    proof = () if options.reference is None else (measure_reading(checkpoint, options.reference),)
    original, checkpoint = checkpoint, _with_padding(checkpoint, options)
    net, notes = build(checkpoint, options)
    loss_db = measure_zero_padding(original, net.contract) if options.zero_padding else None
    model = make_model(net)
    parts = _split(model, options)
    parity, reference = measure_parity(checkpoint, net, model, parts, ends=options.ends)
    require_parity(parity, str(onnx_path))
    segment_paths = paths_of_segments(onnx_path, len(parts), options.ends)
    paths = (onnx_path, *segment_paths)
    graphs = [_write(part, path, mark) for part, path in zip((model, *parts), paths, strict=True)]
    selftest_path = save_reference(reference_path(onnx_path), reference, mark.text)
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
        ends=options.ends,
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


def _split(model: onnx.ModelProto, options: ExportOptions) -> list[onnx.ModelProto]:
    """Return the segments or parts of a model; none where it stays whole."""
    if options.ends == "host":
        return split_ends(model)
    return split_model(model, options.segments) if options.segments != 1 else []


def _write(model: onnx.ModelProto, path: Path, mark: Mark) -> OpenedGraph:
    model.metadata_props.add(key=ONNX_KEY, value=mark.text)
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
