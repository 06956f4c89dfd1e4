"""Separates a recording into its sources: from an audio file and a graph to one WAV file per source.

The outputs have the recording's own rate and length, so that they line up with it sample by sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

from tasnet2hef.audio.files import Channel, Clip, choose_channels, read_clip
from tasnet2hef.audio.gain import Gain
from tasnet2hef.audio.metrics import Scores, score_sources
from tasnet2hef.audio.output_files import SampleFormat, plan_outputs, write_sources
from tasnet2hef.audio.references import read_references
from tasnet2hef.base.errors import AudioError
from tasnet2hef.runtime.backends import Backend
from tasnet2hef.runtime.backends.opening import opened
from tasnet2hef.runtime.channels import Progress, Separated, separate_samples
from tasnet2hef.runtime.separation_report import SeparationReport
from tasnet2hef.runtime.stream.halo import Halo
from tasnet2hef.runtime.stream.streamer import require_joining


def separate_file(
    model: str | Path | Backend,
    audio_path: str | Path,
    out_dir: str | Path,
    *,
    references: Sequence[str | Path] = (),
    channel: Channel = "mix",
    overlap: float | None = None,
    halo: Halo | None = None,
    raw_scale: bool = False,
    sample_format: SampleFormat = "int16",
    threads: int | None = None,
    runtime: str | None = None,
    progress: Progress | None = None,
) -> SeparationReport:
    """Write ``<stem>_source_1.wav`` and on into ``out_dir``, and report.

    ``model`` is a graph, a HEF, or a backend that is open already, which ``runtime`` and ``threads`` leave alone.
    ``references`` are the true sources, as many as the model has, of the recording's rate and length: they add
    SI-SDR to the report. ``overlap`` (a share of the window) or ``halo`` (``full`` or milliseconds) say how
    windows are joined; None leaves it to ``make_streamer``. ``raw_scale`` keeps the model's own level, which needs
    float files: ``sample_format`` is then ``float32``. ``runtime`` is ``onnxruntime`` or ``hailort``; None takes
    the device for a HEF.

    Raises:
        GraphError: the model can't be used.
        DeviceError: the device, its runtime or the HEF can't be used.
        AudioError: the recording, a reference or the output folder can't be used.
        OptionError: an option is out of range.
        RefusedError: the model returned NaN or infinite samples.
    """
    require_joining(overlap, halo)
    opening = opened(model, runtime, threads) if isinstance(model, (str, Path)) else nullcontext(model)
    with opening as backend:
        clip = read_clip(audio_path)
        mixture = choose_channels(clip, channel)
        _require_frame(clip, backend)
        truth = read_references(references, clip, channel, backend.contract.spec.n_src)
        inputs = [clip.path, *map(Path, references)]
        outputs = plan_outputs(out_dir, clip.path.stem, backend.contract.spec.n_src, inputs)
        separated = separate_samples(
            backend,
            mixture,
            clip.sample_rate_hz,
            overlap=overlap,
            halo=halo,
            raw_scale=raw_scale,
            progress=progress,
        )
    scores = None if truth is None else score_sources(truth, separated.sources[:, 0], mixture[0])
    file_format: SampleFormat = "float32" if raw_scale else sample_format
    factor = write_sources(outputs, separated.sources, clip.sample_rate_hz, file_format)
    report = _report(clip, backend, separated, outputs, factor)
    return report if scores is None else _with_scores(report, scores)


def _require_frame(clip: Clip, backend: Backend) -> None:
    """Refuse a recording that is shorter than one frame of the encoder."""
    spec = backend.contract.spec
    needed = -(-spec.kernel_size * clip.sample_rate_hz // spec.sample_rate)
    if clip.length < needed:
        raise AudioError(
            f"{clip.path}: too short: found {clip.length} samples at {clip.sample_rate_hz} Hz, expected at least "
            f"{needed} (one frame of the model is {spec.kernel_size} samples at {spec.sample_rate} Hz)"
        )


def _report(
    clip: Clip, backend: Backend, separated: Separated, outputs: tuple[Path, ...], factor: float
) -> SeparationReport:
    contract = backend.contract
    return SeparationReport(
        outputs=outputs,
        rtf=separated.seconds / clip.seconds,
        audio_seconds=clip.seconds,
        window_seconds=contract.window_samples / contract.spec.sample_rate,
        windows=separated.windows,
        is_exact=separated.is_exact,
        sample_rate_hz=clip.sample_rate_hz,
        model_rate_hz=contract.spec.sample_rate,
        gain=tuple(factor * each for each in separated.gain.factors),
        notes=tuple(_notes(clip, contract.spec.sample_rate, separated.gain, factor)),
    )


def _notes(clip: Clip, model_rate_hz: int, gain: Gain, factor: float) -> list[str]:
    notes = [gain.note] if gain.note else []
    if factor != 1:
        notes.append(f"all sources scaled by {factor:.4g}: the loudest would have clipped at 16 bits")
    if clip.sample_rate_hz > model_rate_hz:
        notes.append(f"the model hears up to {model_rate_hz // 2} Hz: the outputs hold nothing above")
    if clip.sample_rate_hz < model_rate_hz:
        heard, trained = clip.sample_rate_hz // 2, model_rate_hz // 2
        notes.append(f"the recording ends at {heard} Hz, the model was trained up to {trained} Hz")
    return notes


def _with_scores(report: SeparationReport, scores: Scores) -> SeparationReport:
    return replace(
        report,
        si_sdr_db=scores.si_sdr_db,
        si_sdr_improvement_db=scores.si_sdr_improvement_db,
        source_numbers=scores.source_numbers,
    )
