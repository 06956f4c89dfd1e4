"""The package's four functions for Python: ``load``, ``convert``, ``check`` and ``separate``.

Paths in, a report or a network out. Each imports what it needs when it is called: only ``load`` and ``convert``
need torch. All errors are a :class:`~tasnet2hef.base.errors.Tasnet2HefError`, one line each.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from tasnet2hef.base.errors import OptionError
from tasnet2hef.target.known import DEFAULT_CHIP

if TYPE_CHECKING:
    from tasnet2hef.audio.files import Channel
    from tasnet2hef.model.export import ExportReport
    from tasnet2hef.model.original import OriginalTasNet
    from tasnet2hef.runtime.separation_report import SeparationReport
    from tasnet2hef.runtime.stream.halo import Halo
    from tasnet2hef.target.check import CheckReport

StrPath = str | os.PathLike[str]


def load(path: StrPath, settings: Mapping[str, object] | None = None, *, assume: bool = False) -> OriginalTasNet:
    """Load a trained Conv-TasNet as a torch module that computes what its own implementation computes.

    Args:
        path: a checkpoint file or folder (Asteroid, torchaudio, ESPnet, SpeechBrain and others, see the
            reference), or a Hugging Face id ``org/name`` or ``org/name@revision``. No code from a file is run.
        settings: what the checkpoint does not say, under the names of ``convert --set``: those of ``TasNetSpec``,
            Asteroid's ``who_is_pinv``, ``min_low_hz`` and ``min_band_hz``, and ``weights``, which names one of
            several networks in a file. They override what the file says, but must agree with the shapes of the
            weights.
        assume: take the family's default for what decides the numbers and is stored nowhere, with a note.

    Returns:
        The network, float32 on the CPU, in evaluation mode: ``[batch, sample]`` to ``[batch, source, sample]``,
        and ``[sample]`` to ``[source, sample]``, padded and trimmed as in the original. ``sample_rate`` is in Hz,
        ``spec`` is the architecture, ``notes`` says what was assumed, dropped or converted, one line each.

    Raises:
        CheckpointError: the checkpoint can't be read as a Conv-TasNet, or what decides the numbers is not stored
            with it; the line names the choices.
        OptionError: torch is not installed.
    """
    _require_torch()
    from tasnet2hef.model.checkpoint import load_checkpoint
    from tasnet2hef.model.original import OriginalTasNet

    return OriginalTasNet(load_checkpoint(path, settings, assume=assume))


def convert(
    checkpoint: StrPath,
    onnx_path: StrPath,
    *,
    settings: Mapping[str, object] | None = None,
    seconds: float = 2.0,
    layout: str = "tall",
    residual: str = "separate",
    shift: str = "fold",
    streams: int = 1,
    chunk_frames: int | None = None,
    segments: int = 1,
    ends: str = "chip",
    assume: bool = False,
    reference: StrPath | None = None,
    zero_padding: bool = False,
    force: bool = False,
) -> ExportReport:
    """Convert a checkpoint into an ONNX graph that is native to the chip, and prove that it equals the original.

    Args:
        checkpoint: as for :func:`load`.
        onnx_path: file to write; the reference for ``selftest``, and segments, go beside it.
        settings: as for :func:`load`.
        seconds: length of the window that the device computes.
        layout: ``tall`` (time on H) or ``wide`` (time on W).
        residual: ``separate``, or ``joint``: residual stream and skip sum as one tensor.
        shift: a constant norm before a depthwise convolution: ``fold`` it away, or keep it as a ``layer``.
        streams: windows side by side in one tensor: 1, 2, 4 or 8.
        chunk_frames: frames of a chunk: makes the graph stateful; ``seconds`` is then ignored.
        segments: more than one also cuts the graph between its blocks into that many files.
        ends: where encoder and decoders run. ``host`` also writes the host's encoder, the chip part and the host's
            decoder; they run in turn.
        assume: as for :func:`load`.
        reference: an .npz with ``input`` ``[sample]`` and the genuine network's ``output`` ``[source, sample]``,
            which prove that the file was read as what it is.
        zero_padding: for a net that pads by reflection: pad with zeros instead, and measure the loss.
        force: replace files that were not made of the same checkpoint; never the checkpoint itself.

    Raises:
        CheckpointError: the checkpoint can't be read as a Conv-TasNet.
        OptionError: the net, the window or the place to write can't be used, or torch is not installed.
        ParityError: the graph differs from the checkpoint, or the checkpoint from ``reference``, by more than
            -80 dB; nothing is written.
    """
    _require_torch()
    from tasnet2hef.model.export import ExportOptions, export_file

    options = ExportOptions(
        seconds=seconds,
        layout=layout,
        residual=residual,
        shift=shift,
        streams=streams,
        chunk_frames=chunk_frames,
        segments=segments,
        ends=ends,
        reference=None if reference is None else Path(reference),
        zero_padding=zero_padding,
        force=force,
    )
    return export_file(os.fspath(checkpoint), Path(onnx_path), options, settings, assume=assume)


def check(
    graph: StrPath,
    hardware: str = DEFAULT_CHIP,
    *,
    input_shapes: Mapping[str, Sequence[int]] | None = None,
    single_context: bool = False,
) -> CheckReport:
    """Predict what the compiler will refuse in an ONNX graph, of any origin, and what the graph will cost.

    Args:
        graph: an ONNX file.
        hardware: ``hailo8``, ``hailo8l``, ``hailo10h`` or ``hailo15h``.
        input_shapes: shapes of dynamic inputs by name.
        single_context: take a net that needs several contexts as an error.

    Raises:
        GraphError: the file can't be read as a static ONNX graph.
        OptionError: there is no such chip.
    """
    from tasnet2hef.target.check import check_file

    return check_file(Path(graph), hardware, input_shapes, single_context=single_context)


def separate(
    graph: StrPath,
    recording: StrPath,
    out_dir: StrPath,
    *,
    references: Sequence[StrPath] = (),
    channel: Channel = "mix",
    overlap: float | None = None,
    halo: Halo | None = None,
    raw_scale: bool = False,
    threads: int | None = None,
    runtime: str | None = None,
    force: bool = False,
) -> SeparationReport:
    """Separate a recording into its sources: one WAV file per source, of the recording's rate and length.

    Args:
        graph: an ONNX file made by :func:`convert`, or a HEF made by ``tasnet2hef compile``.
        recording: a WAV or FLAC file of any rate, number of channels and length.
        out_dir: folder for ``<recording>_source_1.wav`` and so on.
        references: the true sources, one file each: they add SI-SDR to the report.
        channel: ``mix`` (mean of all channels), ``each``, or the number of a channel, from 1.
        overlap: share of a window that the next one covers again, 0 to 0.75; None takes the measured best.
        halo: for norms that stream, instead of an overlap: milliseconds on each side of a window that are computed
            and left out, or ``full``: as if the whole file were one window.
        raw_scale: keep the model's own level (float files) instead of adding up to the mixture.
        threads: CPU threads; None takes all cores.
        runtime: ``onnxruntime`` or ``hailort``; None takes the device for a HEF.
        force: replace files that were not made of the same recording by the same model; never an input.

    Raises:
        GraphError: the model can't be used.
        DeviceError: the device, its runtime or the HEF can't be used.
        AudioError: the recording, a reference or the output folder can't be used.
        OptionError: an option is out of range.
        RefusedError: the model returned NaN or infinite samples.
    """
    from tasnet2hef.runtime.separate import separate_file

    return separate_file(
        Path(graph),
        Path(recording),
        Path(out_dir),
        references=[Path(reference) for reference in references],
        channel=channel,
        overlap=overlap,
        halo=halo,
        raw_scale=raw_scale,
        threads=threads,
        runtime=runtime,
        force=force,
    )


def _require_torch() -> None:
    missing = [name for name in ("torch", "yaml") if find_spec(name) is None]
    if missing:
        raise OptionError(
            f"{missing[0]}: not installed in {sys.executable}, expected for checkpoints; "
            "pip install 'tasnet2hef[torch]'"
        )
