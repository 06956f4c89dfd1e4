"""Separates a recording into its sources: from an audio file and a graph to one WAV file per source.

The outputs have the recording's own rate and length, so that they line up with it sample by sample.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from tasnet2hef.errors import AudioError, OptionError
from tasnet2hef.run.audio import Channel, Clip, choose_channels, read_clip, resample
from tasnet2hef.run.backends import Backend, Samples
from tasnet2hef.run.backends.onnxruntime import OnnxRuntimeBackend
from tasnet2hef.run.gain import Gain, mixture_gain
from tasnet2hef.run.metrics import Scores, require_scorer, score_sources
from tasnet2hef.run.output_files import SampleFormat, plan_outputs, write_sources
from tasnet2hef.run.report import SeparationReport
from tasnet2hef.run.source_order import align_order
from tasnet2hef.run.windows import DEFAULT_OVERLAP, WindowStream


class Progress(Protocol):
    """Told how far the work is, after each window; the last call has both numbers equal."""

    def __call__(self, done_seconds: float, total_seconds: float) -> None:
        """Take the seconds of audio done and in all; channels kept apart count one after the other."""


@dataclass(frozen=True, eq=False)
class Separated:
    """Sources ``[source, channel, sample]`` at the recording's rate, and how they came about."""

    sources: Samples
    gain: Gain
    windows: int
    seconds: float
    """Processing time."""


def separate_file(
    model_path: str | Path,
    audio_path: str | Path,
    out_dir: str | Path,
    *,
    references: Sequence[str | Path] = (),
    channel: Channel = "mix",
    overlap: float = DEFAULT_OVERLAP,
    raw_scale: bool = False,
    sample_format: SampleFormat = "int16",
    threads: int | None = None,
    progress: Progress | None = None,
) -> SeparationReport:
    """Write ``<stem>_source_1.wav`` and on into ``out_dir``, and report.

    ``references`` are the true sources, as many as the model has, of the recording's rate and length: they add
    SI-SDR to the report. ``raw_scale`` keeps the model's own level, which needs float files: ``sample_format`` is
    then ``float32``.

    Raises:
        GraphError: the model can't be used.
        AudioError: the recording, a reference or the output folder can't be used.
        OptionError: an option is out of range.
        RefusedError: the model returned NaN or infinite samples.
    """
    backend = OnnxRuntimeBackend(model_path, threads)
    clip = read_clip(audio_path)
    mixture = choose_channels(clip, channel)
    truth = _read_references(references, clip, channel, backend.provenance.spec.n_src)
    inputs = [clip.path, *map(Path, references)]
    outputs = plan_outputs(out_dir, clip.path.stem, backend.provenance.spec.n_src, inputs)
    _require_frame(clip, backend)
    separated = separate_samples(
        backend, mixture, clip.sample_rate_hz, overlap=overlap, raw_scale=raw_scale, progress=progress
    )
    scores = None if truth is None else score_sources(truth, separated.sources[:, 0], mixture[0])
    file_format: SampleFormat = "float32" if raw_scale else sample_format
    factor = write_sources(outputs, separated.sources, clip.sample_rate_hz, file_format)
    report = _report(clip, backend, separated, outputs, factor)
    return report if scores is None else _with_scores(report, scores)


def separate_samples(
    backend: Backend,
    mixture: Samples,
    sample_rate_hz: int,
    *,
    overlap: float = DEFAULT_OVERLAP,
    raw_scale: bool = False,
    progress: Progress | None = None,
) -> Separated:
    """Separate ``[channel, sample]``, each channel on its own, at any rate.

    Later channels take the source order of the first, and all channels share the gain of a source, so that a
    source keeps its place in a stereo image.
    """
    started = time.perf_counter()
    counted = _CountedBackend(backend)
    heard = resample(mixture, sample_rate_hz, backend.provenance.spec.sample_rate)
    channels: list[Samples] = []
    for index, samples in enumerate(heard):
        track = _Track(index, len(heard), backend.provenance.spec.sample_rate, progress)
        sources = _separate_channel(WindowStream(counted, overlap), samples, track)
        order = tuple(range(len(sources)))
        channels.append(sources[list(align_order(channels[0], sources, order))] if channels else sources)
    stacked = np.stack(channels, axis=1)
    flat = stacked.reshape(len(stacked), -1)
    gain = Gain((1.0,) * len(stacked)) if raw_scale else mixture_gain(heard.reshape(-1), flat)
    scaled = stacked * np.array(gain.factors, np.float32)[:, None, None]
    back = [
        resample(source, backend.provenance.spec.sample_rate, sample_rate_hz, mixture.shape[1]) for source in scaled
    ]
    return Separated(np.stack(back), gain, counted.runs, time.perf_counter() - started)


class _CountedBackend:
    """A backend that counts its runs."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self.provenance = backend.provenance
        self.runs = 0

    def run(self, frames: Samples) -> Samples:
        self.runs += 1
        return self._backend.run(frames)


@dataclass(frozen=True)
class _Track:
    """Progress of one channel."""

    channel: int
    channels: int
    sample_rate_hz: int
    progress: Progress | None

    def tell(self, done: int, total: int) -> None:
        if self.progress is not None:
            before = self.channel * total
            self.progress((before + done) / self.sample_rate_hz, self.channels * total / self.sample_rate_hz)


def _separate_channel(stream: WindowStream, samples: Samples, track: _Track) -> Samples:
    """Stream one channel ``[sample]`` through the net, a hop at a time; return ``[source, sample]``."""
    ready: list[Samples] = []
    for start in range(0, len(samples), stream.hop_samples):
        ready.append(stream.feed(samples[start : start + stream.hop_samples]))
        track.tell(sum(part.shape[1] for part in ready), len(samples))
    ready.append(stream.flush())
    track.tell(len(samples), len(samples))
    return np.concatenate(ready, axis=1)


def _read_references(
    references: Sequence[str | Path], clip: Clip, channel: Channel, n_src: int
) -> Samples | None:
    """Read the true sources ``[source, sample]``; None if there are none."""
    if not references:
        return None
    require_scorer()
    if channel == "each":
        raise OptionError("channel: found each together with references, expected mix or the number of one channel")
    if len(references) != n_src:
        raise OptionError(f"references: found {len(references)}, expected {n_src}, one per source of the model")
    return np.concatenate([_read_reference(Path(path), clip, channel) for path in references])


def _read_reference(path: Path, clip: Clip, channel: Channel) -> Samples:
    """Read one true source ``[1, sample]``; a mono file serves any channel."""
    reference = read_clip(path)
    if reference.sample_rate_hz != clip.sample_rate_hz:
        raise AudioError(
            f"{path}: found a rate of {reference.sample_rate_hz} Hz, expected the recording's "
            f"{clip.sample_rate_hz} Hz ({clip.path}); resample it"
        )
    found, expected = reference.samples.shape[1], clip.samples.shape[1]
    if found != expected:
        raise AudioError(
            f"{path}: found {found} samples, expected the recording's {expected} ({clip.path}); cut both alike"
        )
    return choose_channels(reference, "mix" if len(reference.samples) == 1 else channel)


def _require_frame(clip: Clip, backend: Backend) -> None:
    """Refuse a recording that is shorter than one frame of the encoder."""
    spec = backend.provenance.spec
    needed = -(-spec.kernel_size * clip.sample_rate_hz // spec.sample_rate)
    if clip.samples.shape[1] < needed:
        raise AudioError(
            f"{clip.path}: too short: found {clip.samples.shape[1]} samples, expected at least {needed} (one frame "
            f"of the model is {spec.kernel_size} samples at {spec.sample_rate} Hz)"
        )


def _report(
    clip: Clip, backend: Backend, separated: Separated, outputs: tuple[Path, ...], factor: float
) -> SeparationReport:
    provenance = backend.provenance
    return SeparationReport(
        outputs=outputs,
        rtf=separated.seconds / clip.seconds,
        audio_seconds=clip.seconds,
        window_seconds=provenance.window_samples / provenance.spec.sample_rate,
        windows=separated.windows,
        sample_rate_hz=clip.sample_rate_hz,
        model_rate_hz=provenance.spec.sample_rate,
        gain=tuple(factor * each for each in separated.gain.factors),
        notes=tuple(_notes(clip, provenance.spec.sample_rate, separated.gain, factor)),
    )


def _notes(clip: Clip, model_rate_hz: int, gain: Gain, factor: float) -> list[str]:
    notes = [gain.note] if gain.note else []
    if factor != 1:
        notes.append(f"all sources scaled by {factor:.4g}: the loudest would have clipped at 16 bits")
    if clip.sample_rate_hz > model_rate_hz:
        notes.append(f"the model hears up to {model_rate_hz // 2} Hz: the outputs hold nothing above")
    if clip.sample_rate_hz < model_rate_hz:
        notes.append(
            f"the recording ends at {clip.sample_rate_hz // 2} Hz, the model was trained up to {model_rate_hz // 2} Hz"
        )
    return notes


def _with_scores(report: SeparationReport, scores: Scores) -> SeparationReport:
    return replace(
        report,
        si_sdr_db=scores.si_sdr_db,
        si_sdr_improvement_db=scores.si_sdr_improvement_db,
        source_numbers=scores.source_numbers,
    )
