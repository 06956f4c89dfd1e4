"""One recording separated in float, at 8 bits and on the device: short clips to compare by ear."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from tasnet2hef.audio.files import ChosenChannels, choose_recorded, open_recording, resample
from tasnet2hef.audio.metrics import score_sources
from tasnet2hef.audio.references import open_references, require_references
from tasnet2hef.audio.samples import BlockCutter, Samples
from tasnet2hef.base.errors import AudioError, OptionError
from tasnet2hef.base.files import written_beside
from tasnet2hef.base.progress import Progress, no_progress
from tasnet2hef.quantize.calibration.calibration_set import open_calibration
from tasnet2hef.quantize.simulator import prepare
from tasnet2hef.report.facts import MARK
from tasnet2hef.runtime.backends import Backend
from tasnet2hef.runtime.backends.opening import opened
from tasnet2hef.runtime.separate import separate_array
from tasnet2hef.target.graph.opened import OpenedGraph

LONGEST_SECONDS: Final = 10.0
LONGEST_IN_ALL_SECONDS: Final = 80.0
"""Total of all tracks, so that the page stays small for any number of sources."""
MIXTURE, FLOAT, INT8, DEVICE = "mixture", "float", "8 bits, simulated", "device"
KINDS: Final = (FLOAT, INT8, DEVICE)
AUDIO_FOLDER: Final = "audio"


@dataclass(frozen=True, eq=False)
class Track:
    """A clip ``[sample]``; ``source`` counts from 1, 0 is the mixture; no ``si_sdr_db`` without references."""

    kind: str
    source: int
    samples: Samples
    si_sdr_db: float | None = None

    @property
    def file_name(self) -> str:
        """The track's file in a report folder."""
        return f"{AUDIO_FOLDER}/{self.kind.split()[0]}_{self.source}.flac"


@dataclass(frozen=True, eq=False)
class Listening:
    """The tracks of one recording, 10 s at most, and how long separating them took."""

    recording: str
    sample_rate_hz: int
    tracks: tuple[Track, ...]
    seconds: float
    notes: tuple[str, ...] = ()

    def save(self, folder: Path) -> dict[str, Any]:
        """Write the tracks as 16-bit FLAC into a report folder; return their facts."""
        tracks = [self._save(track, folder) for track in self.tracks]
        return {
            "recording": self.recording,
            "sample_rate_hz": self.sample_rate_hz,
            "tracks": tracks,
            "notes": list(self.notes),
        }

    def _save(self, track: Track, folder: Path) -> dict[str, Any]:
        import soundfile

        name = track.file_name
        with (
            written_beside(folder / name) as part,
            soundfile.SoundFile(
                os.fsencode(part), "w", self.sample_rate_hz, 1, "PCM_16", format="FLAC"
            ) as recording,
        ):
            recording.comment = MARK.text
            recording.write(track.samples)
        score = None if track.si_sdr_db is None else round(track.si_sdr_db, 4)
        return {"kind": track.kind, "source": track.source, "file": name, "si_sdr_db": score}


def listen(
    graph: OpenedGraph,
    recording: Path,
    *,
    references: Sequence[Path] = (),
    calibration: Path | None = None,
    hef: Path | None = None,
    threads: int | None = None,
    progress: Progress = no_progress,
) -> Listening:
    """Separate the first 10 s of a recording in float; at 8 bits with a calibration set; on the device with a HEF.

    All tracks are at the model's rate. With more than 8 tracks in total, they are shorter than 10 s.

    Raises:
        InputError: a file can't be used, or doesn't fit the graph.
    """
    started = time.perf_counter()
    mixture = choose_recorded(open_recording(recording), "mix")
    length = sum(block.shape[1] for block in mixture.blocks())
    with ExitStack() as open_backends:
        plain = open_backends.enter_context(opened(graph, "onnxruntime", threads))
        require_references(references, "mix", plain.contract.spec.n_src)
        truth = open_references(references, mixture.recording, "mix", length)
        backends: dict[str, Backend] = {FLOAT: plain}
        if calibration is not None:
            backends[INT8] = _simulated(graph, calibration, threads)
        if hef is not None:
            backends[DEVICE] = open_backends.enter_context(opened(hef, "hailort", threads))
        spec = plain.contract.spec
        if spec.audio_channels > 1:
            raise OptionError(
                f"{graph.path}: found a model over {spec.audio_channels} channels, expected one channel; listen "
                "to the files that `separate` writes"
            )
        excerpt = _excerpt(mixture, length, truth, spec.sample_rate, 1 + spec.n_src * len(backends))
        tracks = [Track(MIXTURE, 0, excerpt.mixture[0])]
        for done, (kind, backend) in enumerate(backends.items(), start=1):
            tracks += excerpt.separate(kind, backend)
            progress(done, len(backends))
    seconds = time.perf_counter() - started
    return Listening(recording.name, excerpt.sample_rate_hz, _without_clipping(tracks), seconds, excerpt.notes)


def _simulated(graph: OpenedGraph, calibration: Path, threads: int | None) -> Backend:
    from tasnet2hef.quantize.simulator import Preparation

    if not calibration.is_file():
        raise OptionError(f"{calibration}: no such file; make it with `tasnet2hef calibrate`")
    return prepare(graph, open_calibration(calibration), Preparation(threads=threads)).backend()


@dataclass(frozen=True, eq=False)
class _Excerpt:
    """The part of a recording for the page, ``[1, sample]``, and its true sources ``[source, sample]``."""

    mixture: Samples
    truth: Samples | None
    sample_rate_hz: int
    notes: tuple[str, ...]

    def separate(self, kind: str, backend: Backend) -> list[Track]:
        sources = separate_array(backend, self.mixture, self.sample_rate_hz).sources[:, 0]
        if self.truth is None:
            return [Track(kind, number, source) for number, source in enumerate(sources, start=1)]
        scores = score_sources(self.truth, sources, self.mixture[0])
        pairs = zip(scores.source_numbers, scores.si_sdr_db, strict=True)
        return [
            Track(kind, reference, sources[number - 1], db)
            for reference, (number, db) in enumerate(pairs, start=1)
        ]


def _excerpt(
    mixture: ChosenChannels, length: int, truth: Sequence[ChosenChannels], rate_hz: int, tracks: int
) -> _Excerpt:
    """Cut a recording of ``length`` samples and its sources for ``tracks`` tracks, at the model's rate."""
    path, found_hz = mixture.recording.path, mixture.recording.sample_rate_hz
    seconds = min(LONGEST_SECONDS, LONGEST_IN_ALL_SECONDS / tracks)
    samples = min(length, round(seconds * found_hz))
    notes = []
    if samples < length:
        notes.append(f"the first {samples / found_hz:.1f} of {length / found_hz:.1f} s")
    if found_hz != rate_hz:
        notes.append(f"at the model's {rate_hz:,} Hz; the recording has {found_hz:,} Hz")
    heard, *true = [
        resample(BlockCutter(each.blocks()).take(samples), found_hz, rate_hz) for each in (mixture, *truth)
    ]
    if not heard.any():
        raise AudioError(f"{path}: silent in its first {seconds:.1f} s: nothing to hear; cut the silence off")
    return _Excerpt(heard, np.concatenate(true) if true else None, rate_hz, tuple(notes))


def _without_clipping(tracks: list[Track]) -> tuple[Track, ...]:
    """Divide all tracks by the highest peak if it exceeds full scale, so that their loudness stays comparable."""
    peak = max(float(np.abs(track.samples).max(initial=0.0)) for track in tracks)
    factor = np.float32(1 / peak if peak > 1 else 1)
    return tuple(replace(track, samples=track.samples * factor) for track in tracks)
