"""From a checkpoint to a checked ONNX graph: build the rewrite, write it, hold it against the original."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch

from tasnet2hef.checkpoint import Checkpoint, load_checkpoint
from tasnet2hef.files import written_beside
from tasnet2hef.network.hailo_tasnet import (
    BuildOptions,
    HailoTasNet,
    frames_to_waveform,
    separate_window,
    waveform_to_frames,
    window_of,
)
from tasnet2hef.network.norms import norm_strategy
from tasnet2hef.onnx_graph import make_model
from tasnet2hef.parity import ParityRow, Signal, compare_sources, refuse_disparity, speech_clip
from tasnet2hef.provenance import INPUT_NAME, Provenance
from tasnet2hef.window import window_frames


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """What a user chooses for an export; see :class:`BuildOptions` for the last three."""

    seconds: float = 2.0
    layout: str = "tall"
    residual: str = "separate"
    shift: str = "fold"


@dataclass(frozen=True, kw_only=True)
class ExportReport:
    """What an export made and how well it equals its original."""

    onnx_path: Path
    provenance: Provenance
    nodes: int
    parity: tuple[ParityRow, ...]
    notes: tuple[str, ...]
    elapsed_seconds: float

    @property
    def window_seconds(self) -> float:
        """Length of the window in seconds of audio."""
        return self.provenance.window_samples / self.provenance.spec.sample_rate

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "onnx": str(self.onnx_path),
            "spec": self.provenance.spec.as_dict(),
            "window_frames": self.provenance.window_frames,
            "window_samples": self.provenance.window_samples,
            "seconds": self.window_seconds,
            "norm": self.provenance.norm,
            "layout": self.provenance.layout,
            "residual": self.provenance.residual,
            "nodes": self.nodes,
            "parity": [asdict(row) for row in self.parity],
            "notes": list(self.notes),
            "elapsed_seconds": self.elapsed_seconds,
        }


def export_file(
    checkpoint_path: str,
    onnx_path: Path,
    options: ExportOptions,
    spec_options: Mapping[str, object] | None = None,
) -> ExportReport:
    """Convert a checkpoint file (or a Hugging Face id) to ONNX; see :func:`export_checkpoint`."""
    return export_checkpoint(load_checkpoint(checkpoint_path, spec_options), onnx_path, options)


def export_checkpoint(checkpoint: Checkpoint, onnx_path: Path, options: ExportOptions) -> ExportReport:
    """Write ``checkpoint`` as a Hailo-native ONNX graph that equals it.

    Raises:
        OptionError: the net, the window or the place to write can't be used.
        ParityError: the graph differs from the original by more than -80 dB; nothing is written.
    """
    start = time.perf_counter()
    net, notes = build(checkpoint, options)
    model = make_model(net)
    parity = measure_parity(checkpoint, net, model)
    refuse_disparity(parity, str(onnx_path))
    with written_beside(onnx_path) as temporary:
        onnx.save(model, temporary)
    return ExportReport(
        onnx_path=onnx_path,
        provenance=net.provenance,
        nodes=len(model.graph.node),
        parity=parity,
        notes=(*checkpoint.notes, *notes),
        elapsed_seconds=time.perf_counter() - start,
    )


def build(checkpoint: Checkpoint, options: ExportOptions) -> tuple[HailoTasNet, tuple[str, ...]]:
    """Build the rewritten network for a window, and say what differs from what was asked for."""
    spec = checkpoint.spec
    factored = norm_strategy(spec) == "exact"
    asked = window_frames(spec, options.seconds, factored=False)
    frames = window_frames(spec, options.seconds, factored=factored)
    net = HailoTasNet(
        spec,
        checkpoint.weights,
        BuildOptions(window_frames=frames, layout=options.layout, residual=options.residual, shift=options.shift),
    )
    notes = []
    if frames != asked:
        notes.append(
            f"window rounded up from {asked} to {frames} frames "
            f"({net.provenance.window_samples / spec.sample_rate:.3f} s), so that its means split into steps of "
            "at most 128 frames"
        )
    if options.residual == "joint" and net.provenance.residual != "joint":
        notes.append("residual joint has nothing to join: this net has no skip path")
    return net.eval(), tuple(notes)


def measure_parity(checkpoint: Checkpoint, net: HailoTasNet, model: onnx.ModelProto) -> tuple[ParityRow, ...]:
    """Run original, rewrite and ONNX Runtime on one window of speech and compare them."""
    provenance = net.provenance
    clip = speech_clip(provenance.window_samples, provenance.spec.sample_rate)
    with torch.no_grad():
        original = checkpoint.reference()(torch.from_numpy(clip)[None])[0].numpy()
    rewrite = separate_window(net, torch.from_numpy(clip)).numpy()
    deployed = run_onnx(model, provenance, clip)
    return (
        compare_sources("original / HailoTasNet", original, rewrite),
        compare_sources("original / ONNX Runtime", original, deployed),
        compare_sources("HailoTasNet / ONNX Runtime", rewrite, deployed),
    )


def run_onnx(model: onnx.ModelProto, provenance: Provenance, clip: Signal) -> Signal:
    """Separate one window's clip ``[sample]`` with ONNX Runtime into ``[source, sample]``."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    window = window_of(torch.from_numpy(clip), provenance)
    outputs = session.run(None, {INPUT_NAME: waveform_to_frames(window, provenance).numpy()})
    start = provenance.spec.encoder_padding
    sources = [frames_to_waveform(torch.from_numpy(output)).numpy() for output in outputs]
    return np.stack([source[start : start + provenance.window_samples] for source in sources])
