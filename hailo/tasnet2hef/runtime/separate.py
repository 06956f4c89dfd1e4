"""Separates a recording into its sources: from an audio file and a graph to one WAV file per source.

The outputs have the recording's own rate and length, so that they line up with it sample by sample. Everything is
read and written block by block, see ``runtime.separation``.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import gettempdir
from typing import Final

import numpy as np

from tasnet2hef.audio.files import Channel, ChosenChannels, Recording, choose_recorded, open_recording
from tasnet2hef.audio.gain import Gain
from tasnet2hef.audio.metrics import Scores, ScoreSums
from tasnet2hef.audio.output_files import SampleFormat, Written, bytes_per_sample, plan_outputs, write_sources
from tasnet2hef.audio.references import open_references, require_references
from tasnet2hef.audio.samples import BlockCutter, Samples
from tasnet2hef.audio.spool import spool_in
from tasnet2hef.base.errors import AudioError, DeviceRunError, OptionError
from tasnet2hef.base.files import digest_of_file
from tasnet2hef.base.marks import Mark
from tasnet2hef.base.progress import Progress, no_progress
from tasnet2hef.runtime.backends import Backend
from tasnet2hef.runtime.backends.opening import opened, origin_of
from tasnet2hef.runtime.separation import (
    InterruptedSeparationError,
    Mixture,
    Separation,
    Survey,
    held_bytes,
    separate,
    survey,
    tracks_of,
)
from tasnet2hef.runtime.separation_report import SeparationReport
from tasnet2hef.runtime.stream.halo import Halo
from tasnet2hef.runtime.stream.streamer import require_joining

READING_COST: Final = 0.02
WRITING_COST: Final = 0.03
"""Parts of the net's time, at the model's rate, for the progress: 1 to 3 % measured, with the demo nets on a CPU.
At six times that rate, in stereo, reading took 5 to 15 % and writing 10 to 25 %."""


@dataclass(frozen=True, eq=False)
class Separated:
    """Sources ``[source, channel, sample]`` at the recording's rate, and how they were computed."""

    sources: Samples
    gain: Gain
    windows: int
    """Number of windows computed."""
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
    the device for a HEF. ``progress`` gets seconds of audio, over the whole work from reading to writing; every
    channel that is kept apart counts. ``origin`` names what a backend that is open already runs; ``force``
    replaces files that were not made of the same recording by the same model and backend.

    A recording of any length takes the same memory. Until all is separated, the sources are held in a file without
    a name on the disk of ``out_dir``: 4 bytes a sample of each source at the model's rate. A WAV file that would
    be larger than 4 GB is written as RF64, which is noted.

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
        recording = open_recording(audio_path)
        spec = backend.contract.spec
        chosen = choose_recorded(recording, channel, spec.audio_channels)
        if spec.audio_channels > 1:
            _require_no_references(references)
        require_references(references, channel, spec.n_src)
        mixture = Mixture(chosen.blocks, chosen.channels, recording.sample_rate_hz, recording.promised_length)
        tracks = tracks_of(mixture, backend.contract)
        seconds = tracks * mixture.promised_length / mixture.sample_rate_hz
        steps = _Steps(
            progress or no_progress, seconds, _costs(mixture, spec.sample_rate, scored=bool(references))
        )
        surveyed = survey(mixture, backend.contract, steps.next())
        _require_frame(recording, surveyed, backend)
        truth = open_references(references, recording, channel, surveyed.length)
        file_format: SampleFormat = "float32" if raw_scale else sample_format
        computed_by, files = _origin(model, runtime, backend)
        mark = Mark.of("separate", digest_of_file(recording.path), origin or computed_by)
        written_bytes = chosen.channels * surveyed.length * bytes_per_sample(file_format)
        outputs = plan_outputs(
            out_dir,
            recording.path.stem,
            spec.n_src,
            [recording.path, *map(Path, references), *files],
            mark=mark,
            size_bytes=written_bytes + held_bytes(mixture, surveyed, backend.contract),
            force=force,
        )
        with spool_in(outputs[0].parent, tracks, spec.n_src) as spool:
            try:
                separation = separate(
                    backend,
                    mixture,
                    surveyed,
                    spool,
                    overlap=overlap,
                    halo=halo,
                    raw_scale=raw_scale,
                    progress=steps.next(),
                )
            except InterruptedSeparationError as error:
                raise _with_what_was_good(error, recording, surveyed, outputs, raw_scale=raw_scale) from error
            scores = _scores(truth, separation, steps.next()) if truth else None
            written = _write(outputs, separation, file_format, mark.text, steps.next())
    report = _report(recording, surveyed, separation, outputs, written)
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
) -> Separated:
    """Separate ``[channel, sample]``; see ``separation.separate``."""
    whole = Mixture(lambda: iter([mixture]), len(mixture), sample_rate_hz, mixture.shape[1])
    tracks = tracks_of(whole, backend.contract)
    surveyed = survey(whole, backend.contract)
    with spool_in(Path(gettempdir()), tracks, backend.contract.spec.n_src) as spool:
        separation = separate(backend, whole, surveyed, spool, overlap=overlap, halo=halo, raw_scale=raw_scale)
        sources = np.concatenate(list(separation.blocks()), axis=2)
    return Separated(sources, separation.gain, separation.windows, separation.is_exact)


def _costs(mixture: Mixture, model_rate_hz: int, *, scored: bool) -> list[float]:
    """Return the relative cost of each step: reading, the net, scoring if that is asked for, writing."""
    rates = max(1.0, mixture.sample_rate_hz / model_rate_hz)
    return [READING_COST * rates, 1.0, *[WRITING_COST * rates] * (1 + scored)]


class _Steps:
    """Reports the progress of several steps in seconds of audio; it never falls."""

    def __init__(self, progress: Progress, seconds: float, costs: Sequence[float]) -> None:
        self._progress, self._seconds = progress, seconds
        ends = np.cumsum(costs) / np.sum(costs)
        self._spans = iter(list(itertools.pairwise([0.0, *ends[:-1].tolist(), 1.0])))
        self._highest = 0.0

    def next(self) -> Progress:
        """Begin the next step; return what it calls with the amount done and the total."""
        begin, end = next(self._spans)

        def report(done: float, total: float) -> None:
            reached = end - (end - begin) * (1 - done / total) if total else begin
            if reached >= self._highest:
                self._highest = reached
                self._progress(reached * self._seconds, self._seconds)

        return report


def _write(
    outputs: Sequence[Path],
    separation: Separation,
    sample_format: SampleFormat,
    made_by: str = "",
    progress: Progress = no_progress,
) -> Written:
    return write_sources(
        outputs,
        partial(separation.blocks, progress),
        (separation.mixture.channels, separation.length),
        separation.mixture.sample_rate_hz,
        sample_format,
        made_by,
    )


def _scores(truth: Sequence[ChosenChannels], separation: Separation, progress: Progress) -> Scores:
    """Score the sources of one channel."""
    references = [BlockCutter(reference.blocks()) for reference in truth]
    mixture = BlockCutter(separation.mixture.blocks())
    sums = ScoreSums(len(truth))
    for block in separation.blocks(progress):
        count = block.shape[2]
        if count:
            true = np.concatenate([reference.take(count) for reference in references])
            sums.add(true, block[:, 0], mixture.take(count)[0])
    return sums.scores()


def _with_what_was_good(
    error: InterruptedSeparationError,
    recording: Recording,
    surveyed: Survey,
    outputs: Sequence[Path],
    *,
    raw_scale: bool,
) -> DeviceRunError:
    """Write the sources up to a device's failure, under names of their own; return the failure with them."""
    if error.separation is None:
        return DeviceRunError(f"{error}; nothing was written", error.signature)
    seconds = error.separation.length / recording.sample_rate_hz
    paths = [path.with_stem(f"{path.stem}_until_{seconds:.1f}s") for path in outputs]
    _write(paths, error.separation, "float32" if raw_scale else "int16")
    whole_seconds = surveyed.length / recording.sample_rate_hz
    return DeviceRunError(
        f"{error}; the first {seconds:.1f} of {whole_seconds:.1f} s were separated before: {paths[0]} and so on",
        error.signature,
    )


def _require_no_references(references: Sequence[str | Path]) -> None:
    if references:
        raise OptionError(
            f"references: found {len(references)} for a model over several channels, whose SI-SDR is not "
            "measured; leave them out"
        )


def _require_frame(recording: Recording, surveyed: Survey, backend: Backend) -> None:
    """Refuse a recording that is shorter than one frame of the encoder."""
    spec = backend.contract.spec
    needed = -(-spec.kernel_size * recording.sample_rate_hz // spec.values_per_second)
    if surveyed.length < needed:
        raise AudioError(
            f"{recording.path}: too short: found {surveyed.length} samples at {recording.sample_rate_hz} Hz, "
            f"expected at least {needed} (one frame of the model is {spec.kernel_size // spec.audio_channels} "
            f"samples at {spec.sample_rate} Hz)"
        )


def _report(
    recording: Recording,
    surveyed: Survey,
    separation: Separation,
    outputs: tuple[Path, ...],
    written: Written,
) -> SeparationReport:
    contract, seconds = separation.contract, surveyed.length / recording.sample_rate_hz
    return SeparationReport(
        outputs=outputs,
        rtf=separation.seconds / seconds,
        audio_seconds=seconds,
        window_seconds=contract.window_samples / contract.spec.values_per_second,
        windows=separation.windows,
        is_exact=separation.is_exact,
        sample_rate_hz=recording.sample_rate_hz,
        model_rate_hz=contract.spec.sample_rate,
        gain=tuple(written.factor * each for each in separation.gain.factors),
        notes=tuple(_notes(recording.sample_rate_hz, contract.spec.sample_rate, separation.gain, written)),
    )


def _notes(rate_hz: int, model_rate_hz: int, gain: Gain, written: Written) -> list[str]:
    notes = [gain.note] if gain.note else []
    if written.factor != 1:
        notes.append(f"all sources scaled by {written.factor:.4g}: the loudest would have clipped at 16 bits")
    if written.container != "WAV":
        notes.append(f"the outputs are {written.container} files: a WAV file can't be larger than 4 GB")
    if rate_hz > model_rate_hz:
        notes.append(f"the model's audio ends at {model_rate_hz // 2} Hz: the outputs contain nothing above it")
    if rate_hz < model_rate_hz:
        notes.append(
            f"the recording ends at {rate_hz // 2} Hz, the model was trained up to {model_rate_hz // 2} Hz"
        )
    return notes


def _with_scores(report: SeparationReport, scores: Scores) -> SeparationReport:
    return replace(
        report,
        si_sdr_db=scores.si_sdr_db,
        si_sdr_improvement_db=scores.si_sdr_improvement_db,
        source_numbers=scores.source_numbers,
    )
