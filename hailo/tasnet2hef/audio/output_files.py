"""Writes the sources of a recording as WAV files: never clipped, all of them or none."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from tasnet2hef.audio.files import LARGEST_WAV_BYTES
from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import AudioError, OptionError
from tasnet2hef.base.files import written_beside
from tasnet2hef.base.marks import NO_MARK, Mark
from tasnet2hef.base.outputs import Output, require_outputs

SampleFormat = Literal["int16", "float32"]

_HEADER_BYTES: Final = 1 << 16
"""More than a header takes."""
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


@dataclass(frozen=True)
class Written:
    """How sources were written."""

    factor: float
    """All sources were scaled by it."""
    container: str
    """``WAV``, or ``RF64`` where that can't hold them."""


def write_sources(
    paths: Sequence[Path],
    blocks: Callable[[], Iterable[Samples]],
    shape: tuple[int, int],
    sample_rate_hz: int,
    sample_format: SampleFormat,
    made_by: str = "",
) -> Written:
    """Write one file per source; ``blocks`` gives ``[source, channel, sample]`` from the start, at every call.

    ``shape`` is the channels and samples of a source, ``made_by`` goes into the files' comment. 16-bit files clip
    beyond full scale: where a peak would pass 1, the sources are written again, all divided by the highest peak.
    Float files keep any value. Files appear under their names once all are complete.

    Raises:
        AudioError: a file can't be written; nothing is left behind.
    """
    import soundfile

    channels, length = shape
    container = container_for(channels * length * bytes_per_sample(sample_format))

    def opened(part: Path) -> Any:
        subtype = _SUBTYPES[sample_format]
        file = os.fsencode(part)
        recording = soundfile.SoundFile(file, "w", sample_rate_hz, channels, subtype, format=container)
        if made_by:
            recording.comment = made_by
        return recording

    factor = 1.0
    try:
        with ExitStack() as files:
            parts = [files.enter_context(written_beside(path)) for path in paths]
            peak = _write_blocks([opened(part) for part in parts], blocks(), factor)
            if sample_format == "int16" and peak > 1:
                factor = 1.0 / peak
                _write_blocks([opened(part) for part in parts], blocks(), factor)
    except (OptionError, soundfile.SoundFileError, OSError) as error:
        raise AudioError(f"{paths[0].parent}: the sources can't be written ({error})") from error
    return Written(factor, container)


def _write_blocks(recordings: Sequence[Any], blocks: Iterable[Samples], factor: float) -> float:
    """Write ``[source, channel, sample]``, scaled, and close the files; return the highest peak before scaling."""
    peak = 0.0
    with ExitStack() as opened:
        for recording in recordings:
            opened.enter_context(recording)
        for block in blocks:
            peak = max(peak, float(np.abs(block).max(initial=0.0)))
            for recording, source in zip(recordings, block, strict=True):
                recording.write(source.T * np.float32(factor))
    return peak


def container_for(sample_bytes: int) -> str:
    """Return the format that holds so many bytes of samples: WAV counts them in 32 bits.

    >>> container_for(4 << 30)
    'RF64'
    """
    return "WAV" if sample_bytes + _HEADER_BYTES < LARGEST_WAV_BYTES else "RF64"
