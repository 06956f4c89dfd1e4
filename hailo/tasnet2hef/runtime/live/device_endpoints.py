"""The sound card as microphone and loudspeaker, through PortAudio (the optional package ``sounddevice``).

Each has a stream of its own, so they may be two devices. If their clocks differ, the playback queue slowly fills
or runs empty; both are bounded and counted.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np

from tasnet2hef.audio.rates import require_rate
from tasnet2hef.base.errors import OptionError
from tasnet2hef.runtime.live.capture_queue import CaptureQueue
from tasnet2hef.runtime.live.endpoints import BLOCK_SECONDS
from tasnet2hef.runtime.live.playback_queue import PlaybackQueue

Device = int | str | None
"""A number from ``--list-devices``, a part of a name, or None for the system's default."""


def sound_library() -> Any:
    """Import ``sounddevice``.

    Raises:
        OptionError: it or PortAudio is not installed.
    """
    try:
        sounddevice = import_module("sounddevice")
    except ModuleNotFoundError as error:
        raise OptionError(
            f"sounddevice: not installed in {sys.executable}, expected it for a microphone; pip install "
            "'tasnet2hef[live]', or use --from-file and --to-file"
        ) from error
    except OSError as error:
        raise OptionError(
            f"sounddevice: found no PortAudio on this system ({error}); install libportaudio2, or use --from-file "
            "and --to-file"
        ) from error
    return sounddevice


def list_devices() -> list[dict[str, Any]]:
    """Return the sound devices: number, name, channels in and out, default rate in Hz.

    Raises:
        OptionError: see :func:`sound_library`, or there is none.
    """
    devices = [
        {
            "number": number,
            "name": str(device["name"]),
            "channels_in": int(device["max_input_channels"]),
            "channels_out": int(device["max_output_channels"]),
            "rate_hz": round(device["default_samplerate"]),
        }
        for number, device in enumerate(sound_library().query_devices())
    ]
    if not devices:
        raise OptionError("sound devices: found none, expected one; plug it in, or use --from-file and --to-file")
    return devices


class DeviceMicrophone:
    """Captures from a sound device; ``channels`` counts from 1, ``rate_hz`` None is the device's own.

    Raises:
        OptionError: there is no such device, or it does not support the channels or the rate.
    """

    speed = 1.0

    def __init__(self, device: Device = None, channels: Sequence[int] = (1,), rate_hz: int | None = None) -> None:
        self._device, self._chosen = device, [number - 1 for number in channels]
        self.channels = len(channels)
        self.sample_rate_hz = rate_hz or default_rate_hz(device, "input")
        self.overflows = 0
        self._stream: Any = None

    def start(self, queue: CaptureQueue) -> None:
        """Begin to capture."""

        def capture(rows: np.ndarray, _frames: int, _time: Any, status: Any) -> None:
            self.overflows += bool(status.input_overflow)
            queue.put(np.ascontiguousarray(rows[:, self._chosen].T))  # a copy: PortAudio reuses its memory

        self._queue = queue
        self._stream = _opened("InputStream", self._device, self.sample_rate_hz, max(self._chosen) + 1, capture)

    def stop(self) -> None:
        """Stop capturing."""
        if self._stream is not None:
            self._stream.close()
            self._queue.close()


class DeviceLoudspeaker:
    """Plays on a sound device.

    Raises:
        OptionError: there is no such device, or it does not support the channels or the rate.
    """

    def __init__(self, sample_rate_hz: int, device: Device = None) -> None:
        self._rate_hz, self._device = sample_rate_hz, device
        self._stream: Any = None
        self._queue: PlaybackQueue | None = None

    @property
    def is_playing(self) -> bool:
        """Whether samples are still to be played."""
        return self._queue is not None and not self._queue.is_finished

    def start(self, queue: PlaybackQueue) -> None:
        """Begin to play."""

        def play(rows: np.ndarray, frames: int, _time: Any, _status: Any) -> None:
            rows[:] = queue.take(frames).T

        self._queue = queue
        self._stream = _opened("OutputStream", self._device, self._rate_hz, queue.channels, play)

    def stop(self) -> None:
        """Stop once PortAudio has played the samples that it holds."""
        if self._stream is not None:
            self._stream.stop()
            self._stream.close()


def default_rate_hz(device: Device, kind: str) -> int:
    """Return a device's default rate; ``kind`` is ``input`` or ``output``.

    Raises:
        OptionError: there is no such device.
    """
    library = sound_library()
    try:
        rate_hz: float = library.query_devices(device, kind)["default_samplerate"]
    except (ValueError, library.PortAudioError) as error:
        named = "the default one" if device is None else repr(device)
        raise OptionError(
            f"sound device: found no {kind} device for {named} ({error}); see --list-devices, or use "
            f"--{'from' if kind == 'input' else 'to'}-file"
        ) from error
    require_rate(f"sound device {device}" if device is not None else f"the default {kind} device", round(rate_hz))
    return round(rate_hz)


def _opened(kind: str, device: Device, rate_hz: int, channels: int, callback: Any) -> Any:
    library = sound_library()
    try:
        stream = getattr(library, kind)(
            samplerate=rate_hz,
            blocksize=round(BLOCK_SECONDS * rate_hz),
            device=device,
            channels=channels,
            dtype="float32",
            callback=callback,
        )
        stream.start()
    except (ValueError, library.PortAudioError) as error:
        raise OptionError(
            f"sound device {'(default)' if device is None else device}: can't open {channels} channels at "
            f"{rate_hz} Hz ({error}); see --list-devices"
        ) from error
    return stream
