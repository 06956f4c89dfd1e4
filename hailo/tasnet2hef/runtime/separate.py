"""Separates a recording into its sources: from an audio file and a graph to one WAV file per source.

The outputs have the recording's own rate and length, so that they line up with it sample by sample.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tasnet2hef.audio.files import Channel, Clip, channels_together, choose_channels, read_clip, resample
from tasnet2hef.audio.gain import Gain, mixture_gain
from tasnet2hef.audio.level import levelling_gains
from tasnet2hef.audio.metrics import Scores, score_sources
from tasnet2hef.audio.output_files import SampleFormat, bytes_per_sample, plan_outputs, write_sources
from tasnet2hef.audio.references import read_references
from tasnet2hef.audio.samples import Samples, deinterleave, interleave
from tasnet2hef.base.errors import AudioError, DeviceRunError, OptionError
from tasnet2hef.base.files import digest_of_file
from tasnet2hef.base.marks import Mark
from tasnet2hef.base.progress import Progress, no_progress
from tasnet2hef.runtime.backends import Backend
from tasnet2hef.runtime.backends.opening import opened, origin_of
from tasnet2hef.runtime.separation_report import SeparationReport
from tasnet2hef.runtime.stream.halo import Halo
from tasnet2hef.runtime.stream.source_order import align_order
from tasnet2hef.runtime.stream.streamer import Streamer, make_streamer, require_joining


class InterruptedSeparationError(DeviceRunError):
    """The device failed on the way; ``separated`` is what it gave before, None if that is less than a second."""

    def __init__(self, failure: DeviceRunError, separated: Separated | None) -> None:
        super().__init__(str(failure), failure.signature)
        self.separated = separated


@dataclass(frozen=True, eq=False)
class Separated:
    """Sources ``[source, channel, sample]`` at the recording's rate, and how they were computed."""

    sources: Samples
    gain: Gain
    windows: int
    """Number of windows computed."""
    seconds: float
    """Processing time."""
    is_exact: bool
    """The sources are those of inference on the whole file at once."""


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
    origin: str = "",
    force: bool = False,
) -> SeparationReport:
    """Write ``<stem>_source_1.wav`` and so on into ``out_dir``, and return a report.

    ``model`` is a graph, a HEF, or a backend that is open already, to which ``runtime`` and ``threads`` do not
    apply. ``references`` are the true sources, as many as the model has, of the recording's rate and length: they
    add SI-SDR to the report. ``overlap`` (a share of the window) or ``halo`` (``full`` or milliseconds) define how
    windows are joined; None leaves it to ``make_streamer``. ``raw_scale`` keeps the model's own level, which needs
    float files: ``sample_format`` is then ``float32``. ``runtime`` is ``onnxruntime`` or ``hailort``; None takes
    the device for a HEF. ``progress`` gets seconds of audio, once per window; channels that are kept apart count
    one after the other. ``origin`` names what a backend that is open already runs; ``force`` replaces files that
    were not made of the same recording by the same model and backend.

    Raises:
        GraphError: the model can't be used.
        DeviceError: the device, its runtime or the HEF can't be used.
        DeviceRunError: the device failed on the way; the sources up to there are written under names of their own.
        AudioError: the recording, a reference or the output folder can't be used.
        OptionError: an option is out of range.
        RefusedError: the model returned NaN or infinite samples.
    """
    require_joining(overlap, halo)
    opening = opened(model, runtime, threads) if isinstance(model, (str, Path)) else nullcontext(model)
    with opening as backend:
        clip = read_clip(audio_path)
        spec = backend.contract.spec
        if spec.audio_channels > 1:
            mixture = channels_together(clip, channel, spec.audio_channels)
            _require_no_references(references)
        else:
            mixture = choose_channels(clip, channel)
        _require_frame(clip, backend)
        truth = read_references(references, clip, channel, spec.n_src)
        file_format: SampleFormat = "float32" if raw_scale else sample_format
        computed_by, files = _origin(model, runtime, backend)
        mark = Mark.of("separate", digest_of_file(clip.path), origin or computed_by)
        outputs = plan_outputs(
            out_dir,
            clip.path.stem,
            spec.n_src,
            [clip.path, *map(Path, references), *files],
            mark=mark,
            size_bytes=mixture.size * bytes_per_sample(file_format),
            force=force,
        )
        try:
            separated = separate_array(
                backend,
                mixture,
                clip.sample_rate_hz,
                overlap=overlap,
                halo=halo,
                raw_scale=raw_scale,
                progress=progress,
            )
        except InterruptedSeparationError as error:
            raise _with_what_was_good(error, clip, outputs, raw_scale=raw_scale) from error
    scores = None if truth is None else score_sources(truth, separated.sources[:, 0], mixture[0])
    factor = write_sources(outputs, separated.sources, clip.sample_rate_hz, file_format, mark.text)
    report = _report(clip, backend, separated, outputs, factor)
    return report if scores is None else _with_scores(report, scores)


def _origin(model: str | Path | Backend, runtime: str | None, backend: Backend) -> tuple[str, tuple[Path, ...]]:
    """Return what the sources are computed by, and the files that it was read from."""
    if isinstance(model, (str, Path)):
        return origin_of(model, runtime)
    return f"{type(backend).__name__} {backend.contract.to_json()}", ()


def separate_array(
    backend: Backend,
    mixture: Samples,
    sample_rate_hz: int,
    *,
    overlap: float | None = None,
    halo: Halo | None = None,
    raw_scale: bool = False,
    progress: Progress | None = None,
) -> Separated:
    """Separate ``[channel, sample]`` of any rate, each channel on its own, or all together if the model does that.

    Later channels take the source order of the first, and all channels share the gain of a source, so that a
    source keeps its place in a stereo image. For a net with a fixed speech level the recording is kept at it by
    gains that follow its speech, and the sources are scaled back. ``overlap`` and ``halo``: see
    ``make_streamer``; ``progress``: see ``separate_file``.

    Raises:
        InterruptedSeparationError: the device failed on the way.
    """
    started = time.perf_counter()
    spec = backend.contract.spec
    model_rate_hz, together = spec.sample_rate, spec.audio_channels
    resampled = resample(mixture, sample_rate_hz, model_rate_hz)
    if together > 1:
        resampled = interleave(resampled)[None]
    streamers = [make_streamer(backend, overlap=overlap, halo=halo) for _ in resampled]
    level = levelling_gains(resampled, spec.values_per_second, backend.contract.input_level_dbfs)
    channels, failure = _separate_channels(
        streamers, resampled * level, spec.values_per_second, progress or no_progress
    )
    if failure is not None:
        good = min(channel.shape[1] for channel in channels) // together * together
        if len(channels) < len(resampled) or good < spec.values_per_second:
            raise InterruptedSeparationError(failure, None)
        channels = [channel[:, :good] for channel in channels]
        resampled, level = resampled[:, :good], level[:good]
        mixture = mixture[:, : good // together * sample_rate_hz // model_rate_hz]
    sources = np.stack([_in_order_of(channels[0], channel) for channel in channels], axis=1) / level
    gain = _gain(resampled, sources, raw_scale=raw_scale)
    scaled = sources * np.array(gain.factors, np.float32)[:, None, None]
    if together > 1:
        scaled = deinterleave(scaled[:, 0], together)
    length = mixture.shape[1]
    at_rate = np.stack([resample(source, model_rate_hz, sample_rate_hz, length) for source in scaled])
    windows = sum(streamer.windows for streamer in streamers)
    result = Separated(at_rate, gain, windows, time.perf_counter() - started, streamers[0].is_exact)
    if failure is not None:
        raise InterruptedSeparationError(failure, result)
    return result


@dataclass(frozen=True)
class _ChannelProgress:
    """Reports the progress of one channel among ``channels``, in seconds of audio."""

    channel: int
    channels: int
    sample_rate_hz: int
    progress: Progress

    def report(self, done: int, total: int) -> None:
        samples = self.channel * total + done
        self.progress(samples / self.sample_rate_hz, self.channels * total / self.sample_rate_hz)


def _separate_channels(
    streamers: Sequence[Streamer], mixture: Samples, rate_hz: int, progress: Progress
) -> tuple[list[Samples], DeviceRunError | None]:
    """Stream the channels ``[channel, sample]`` one by one; also return the failure that ended it early."""
    channels: list[Samples] = []
    for index, (streamer, samples) in enumerate(zip(streamers, mixture, strict=True)):
        done = _ChannelProgress(index, len(mixture), rate_hz, progress)
        separated, failure = _separate_channel(streamer, samples, done)
        channels.append(separated)
        if failure is not None:
            return channels, failure
    return channels, None


def _separate_channel(
    streamer: Streamer, samples: Samples, progress: _ChannelProgress
) -> tuple[Samples, DeviceRunError | None]:
    """Stream one channel ``[sample]`` through the net, a hop at a time.

    Return ``[source, sample]``, and the failure of the device that ended it early.
    """
    ready: list[Samples] = []
    done = 0
    try:
        for start in range(0, len(samples), streamer.hop_samples):
            ready.append(streamer.feed(samples[start : start + streamer.hop_samples]))
            done += ready[-1].shape[1]
            progress.report(done, len(samples))
        ready.append(streamer.flush())
    except DeviceRunError as error:
        return np.concatenate(ready, axis=1) if ready else np.zeros((1, 0), np.float32), error
    progress.report(len(samples), len(samples))
    return np.concatenate(ready, axis=1), None


def _with_what_was_good(
    error: InterruptedSeparationError, clip: Clip, outputs: Sequence[Path], *, raw_scale: bool
) -> DeviceRunError:
    """Write the sources up to a device's failure, under names of their own; return the failure with them."""
    if error.separated is None:
        return DeviceRunError(f"{error}; nothing was written", error.signature)
    sources = error.separated.sources
    seconds = sources.shape[2] / clip.sample_rate_hz
    paths = [path.with_stem(f"{path.stem}_until_{seconds:.1f}s") for path in outputs]
    write_sources(paths, sources, clip.sample_rate_hz, "float32" if raw_scale else "int16")
    return DeviceRunError(
        f"{error}; the first {seconds:.1f} of {clip.seconds:.1f} s were separated before: {paths[0]} and so on",
        error.signature,
    )


def _require_no_references(references: Sequence[str | Path]) -> None:
    if references:
        raise OptionError(
            f"references: found {len(references)} for a model over several channels, whose SI-SDR is not "
            "measured; leave them out"
        )


def _in_order_of(first: Samples, channel: Samples) -> Samples:
    return channel[list(align_order(first, channel, tuple(range(len(channel)))))]


def _gain(mixture: Samples, sources: Samples, *, raw_scale: bool) -> Gain:
    """Find one gain per source over all channels: ``[channel, sample]``, ``[source, channel, sample]``."""
    if raw_scale:
        return Gain((1.0,) * len(sources))
    return mixture_gain(mixture.reshape(-1), sources.reshape(len(sources), -1))


def _require_frame(clip: Clip, backend: Backend) -> None:
    """Refuse a recording that is shorter than one frame of the encoder."""
    spec = backend.contract.spec
    needed = -(-spec.kernel_size * clip.sample_rate_hz // spec.values_per_second)
    if clip.length < needed:
        raise AudioError(
            f"{clip.path}: too short: found {clip.length} samples at {clip.sample_rate_hz} Hz, expected at least "
            f"{needed} (one frame of the model is {spec.kernel_size // spec.audio_channels} samples at "
            f"{spec.sample_rate} Hz)"
        )


def _report(
    clip: Clip, backend: Backend, separated: Separated, outputs: tuple[Path, ...], factor: float
) -> SeparationReport:
    contract = backend.contract
    return SeparationReport(
        outputs=outputs,
        rtf=separated.seconds / clip.seconds,
        audio_seconds=clip.seconds,
        window_seconds=contract.window_samples / contract.spec.values_per_second,
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
        notes.append(f"the model's audio ends at {model_rate_hz // 2} Hz: the outputs contain nothing above it")
    if clip.sample_rate_hz < model_rate_hz:
        highest, trained = clip.sample_rate_hz // 2, model_rate_hz // 2
        notes.append(f"the recording ends at {highest} Hz, the model was trained up to {trained} Hz")
    return notes


def _with_scores(report: SeparationReport, scores: Scores) -> SeparationReport:
    return replace(
        report,
        si_sdr_db=scores.si_sdr_db,
        si_sdr_improvement_db=scores.si_sdr_improvement_db,
        source_numbers=scores.source_numbers,
    )
