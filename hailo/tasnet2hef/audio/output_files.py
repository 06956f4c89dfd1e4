"""Writes the sources of a recording as WAV files: never clipped, all of them or none."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Literal

import numpy as np

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import AudioError, OptionError
from tasnet2hef.base.files import written_beside
from tasnet2hef.base.marks import NO_MARK, Mark
from tasnet2hef.base.outputs import Output, require_outputs

SampleFormat = Literal["int16", "float32"]

_SUBTYPES: Final = {"int16": "PCM_16", "float32": "FLOAT"}


def bytes_per_sample(sample_format: SampleFormat) -> int:
    """Return the size of a sample in a file."""
    return np.dtype(sample_format).itemsize


def plan_outputs(
    out_dir: str | Path,
    stem: str,
    n_src: int,
    inputs: Sequence[Path],
    *,
    mark: Mark = NO_MARK,
    size_bytes: int = 0,
    force: bool = False,
) -> tuple[Path, ...]:
    """Return the outputs' paths, ``<stem>_source_1.wav`` and so on, and make their folder.

    ``mark`` is what the files of an equal run carry, ``size_bytes`` the size of one; see ``require_outputs``.

    Raises:
        AudioError: the folder can't be made or written, or an output would destroy something.
    """
    out_dir = Path(out_dir)
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AudioError(f"{out_dir}: can't be made ({error.strerror}); choose another output folder") from error
    if not os.access(out_dir, os.W_OK | os.X_OK):
        raise AudioError(f"{out_dir}: found a folder without write permission; choose another output folder")
    paths = tuple(out_dir / f"{stem}_source_{number}.wav" for number in range(1, n_src + 1))
    try:
        require_outputs([Output(path, mark, size_bytes) for path in paths], inputs, force=force)
    except OptionError as error:
        raise AudioError(str(error)) from error
    return paths


def write_sources(
    paths: Sequence[Path], sources: Samples, sample_rate_hz: int, sample_format: SampleFormat, made_by: str = ""
) -> float:
    """Write ``[source, channel, sample]``, one file per source; return the factor by which all were scaled.

    16-bit files clip beyond full scale: where a peak would pass 1, all sources are divided by the highest peak.
    Float files keep any value, so their factor is 1. Files appear under their names once all are complete.

    Raises:
        AudioError: a file can't be written; nothing is left behind.
    """
    factor = 1.0 if sample_format == "float32" else _safe_factor(sources)
    import soundfile

    try:
        with ExitStack() as files:
            for path, source in zip(paths, sources, strict=True):
                part = files.enter_context(written_beside(path))
                scaled = source.T * np.float32(factor)
                subtype = _SUBTYPES[sample_format]
                channels = scaled.shape[1]
                with soundfile.SoundFile(part, "w", sample_rate_hz, channels, subtype, format="WAV") as recording:
                    if made_by:
                        recording.comment = made_by
                    recording.write(scaled)
    except (OptionError, soundfile.SoundFileError) as error:
        raise AudioError(f"{paths[0].parent}: the sources can't be written ({error})") from error
    return factor


def _safe_factor(sources: Samples) -> float:
    peak = float(np.abs(sources).max(initial=0.0))
    return 1.0 / peak if peak > 1 else 1.0
