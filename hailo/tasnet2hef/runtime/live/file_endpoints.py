"""Files as microphone and loudspeaker, in real time or as fast as possible."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tasnet2hef.audio.files import Recording, open_recording
from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import AudioError, OptionError
from tasnet2hef.runtime.live.capture_queue import CaptureQueue
from tasnet2hef.runtime.live.endpoints import BLOCK_SECONDS
from tasnet2hef.runtime.live.playback_queue import PlaybackQueue
from tasnet2hef.runtime.live.task import Task


class _Pace:
    """Limits samples to ``rate_hz`` times ``speed``; 0 is no limit.

    Deadlines are absolute, so lateness does not accumulate.
    """

    def __init__(self, rate_hz: int, speed: float) -> None:
        self._per_second = rate_hz * speed
        self._begin = time.monotonic()
        self.stopped = threading.Event()

    def wait_for(self, samples: int) -> bool:
        """Wait until the first ``samples`` samples are due; return False once stopped."""
        if not self._per_second:
            return not self.stopped.is_set()
        due = self._begin + samples / self._per_second
        return not self.stopped.wait(max(0.0, due - time.monotonic()))


class FileMicrophone:
    """Reads a recording of any length, ``repeat`` times over, a block at a time as a microphone would.

    ``channels`` counts from 1; None is the mean of all. ``speed`` 1 is real time, 0 as fast as blocks are taken.

    Raises:
        AudioError: the file can't be read, is cut short, or holds NaN or infinite samples.
        OptionError: it has no such channel.
    """

    overflows = 0

    def __init__(
        self, path: Path, channels: Sequence[int] | None = None, speed: float = 1.0, repeat: int = 1
    ) -> None:
        self._path, self._chosen, self.speed, self._repeat = path, channels, speed, repeat
        recording = open_recording(path)
        self.sample_rate_hz = recording.sample_rate_hz
        self._require_channels(recording)
        self.channels = 1 if channels is None else len(channels)
        self._pace = _Pace(self.sample_rate_hz, speed)
        self._task: Task | None = None

    def start(self, queue: CaptureQueue) -> None:
        """Begin to read."""
        self._pace = _Pace(self.sample_rate_hz, self.speed)
        self._task = Task("file microphone", lambda: self._read_into(queue))

    def stop(self) -> None:
        """Stop reading."""
        self._pace.stopped.set()
        if self._task is not None:
            self._task.wait()

    def _read_into(self, queue: CaptureQueue) -> None:
        samples, times = 0, 0
        try:
            while times < self._repeat:
                with self._open() as recording:
                    block_samples = max(1, round(BLOCK_SECONDS * self.sample_rate_hz))
                    for rows in recording.blocks(block_samples, dtype="float32", always_2d=True):
                        samples += len(rows)
                        if not self._pace.wait_for(samples):
                            return
                        queue.put(self._channels_of(rows))
                times += 1
        finally:
            queue.close()

    def _channels_of(self, rows: Samples) -> Samples:
        if not np.isfinite(rows).all():
            raise AudioError(f"{self._path}: found NaN or infinite samples, expected finite ones")
        if self._chosen is None:
            mean: Samples = rows.mean(axis=1, dtype=np.float32)[None]
            return mean
        return np.ascontiguousarray(rows[:, [number - 1 for number in self._chosen]].T)

    def _open(self) -> Any:
        import soundfile

        try:
            return soundfile.SoundFile(os.fsencode(self._path))
        except (soundfile.SoundFileError, OSError, TypeError) as error:
            raise AudioError(
                f"{self._path}: can't be read as audio ({error}); expected a WAV or FLAC file"
            ) from error

    def _require_channels(self, recording: Recording) -> None:
        if not recording.promised_length:
            raise AudioError(f"{self._path}: empty: found 0 samples at {self.sample_rate_hz} Hz")
        for number in self._chosen or ():
            if not 1 <= number <= recording.channels:
                raise OptionError(
                    f"--channels: found {number}, expected numbers from 1 to {recording.channels} for {self._path}"
                )


class FileLoudspeaker:
    """Passes the samples that are played, latency and underruns included, to ``write`` ``[channel, sample]``.

    ``speed`` 1 takes samples in real time, as a sound card does; 0 takes them as soon as they are there.
    """

    def __init__(self, write: Callable[[Samples], None], sample_rate_hz: int, speed: float = 1.0) -> None:
        self._write, self._rate_hz, self._speed = write, sample_rate_hz, speed
        self._pace = _Pace(sample_rate_hz, speed)
        self._task: Task | None = None

    @property
    def is_playing(self) -> bool:
        """Whether samples are still to be played."""
        return self._task is not None and self._task.is_running

    def start(self, queue: PlaybackQueue) -> None:
        """Begin to play."""
        self._pace = _Pace(self._rate_hz, self._speed)
        self._task = Task("file loudspeaker", lambda: self._play(queue))

    def stop(self) -> None:
        """Stop playing."""
        self._pace.stopped.set()
        if self._task is not None:
            self._task.wait()

    def _play(self, queue: PlaybackQueue) -> None:
        block_samples = max(1, round(BLOCK_SECONDS * self._rate_hz))
        taken = 0
        while not queue.is_finished and self._pace.wait_for(taken + block_samples):
            block = queue.take(block_samples) if self._speed else queue.wait_and_take(block_samples)
            taken += block_samples
            self._write(block)
