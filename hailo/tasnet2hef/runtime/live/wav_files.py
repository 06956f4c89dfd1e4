"""WAV files that are written during a session, and appear under their names once it ends.

One that an error ends leaves none, unless the device failed or the session was stopped: what was written before is
kept.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import AudioError, DeviceRunError, OptionError
from tasnet2hef.base.files import written_beside
from tasnet2hef.runtime.live.separator import LivePart

Write = Callable[[Samples], None]


@contextmanager
def wav_file(path: Path, sample_rate_hz: int, channels: int, made_by: str = "") -> Iterator[Write]:
    """Yield a function that appends ``[channel, sample]`` as 32-bit floats, which never clip.

    Raises:
        AudioError: the file can't be written; nothing is left behind.
    """
    import soundfile

    failure: DeviceRunError | KeyboardInterrupt | None = None
    try:
        with (
            written_beside(path) as part,
            soundfile.SoundFile(
                os.fsencode(part), "w", sample_rate_hz, channels, "FLOAT", format="WAV"
            ) as recording,
        ):
            if made_by:
                recording.comment = made_by
            try:
                yield lambda samples: recording.write(samples.T)
            except (DeviceRunError, KeyboardInterrupt) as error:
                if not recording.tell():
                    raise
                failure = error
    except (OptionError, soundfile.SoundFileError) as error:
        raise AudioError(f"{path}: can't be written ({error})") from error
    if failure is not None:
        raise failure


def recording_paths(folder: Path, n_src: int) -> list[Path]:
    """Return the files of a recorded session: the mixture, then the sources."""
    return [folder / f"{name}.wav" for name in ("heard", *(f"source_{number}" for number in range(1, n_src + 1)))]


@contextmanager
def recorder(
    folder: Path, sample_rate_hz: int, channels: int, n_src: int, made_by: str = ""
) -> Iterator[Callable[[LivePart], None]]:
    """Yield a function that appends the mixture and every source, sample-aligned, to files in ``folder``.

    They are ``heard.wav``, the mixture, ``source_1.wav``, ``source_2.wav`` and so on, at the model's rate, one
    channel per stream.

    Raises:
        AudioError: a file can't be written; nothing is left behind.
    """
    with ExitStack() as files:
        write = [
            files.enter_context(wav_file(path, sample_rate_hz, channels, made_by))
            for path in recording_paths(folder, n_src)
        ]

        def record(part: LivePart) -> None:
            write[0](part.mixture)
            for source, write_source in enumerate(write[1:]):
                write_source(part.sources[:, source])

        yield record
