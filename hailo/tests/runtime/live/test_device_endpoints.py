"""Sound card as microphone and loudspeaker, against a stand-in of ``sounddevice`` 0.5: its API, no sound."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from tasnet2hef.base.errors import OptionError
from tasnet2hef.runtime.live import device_endpoints
from tasnet2hef.runtime.live.capture_queue import CaptureQueue
from tasnet2hef.runtime.live.device_endpoints import DeviceLoudspeaker, DeviceMicrophone, list_devices
from tasnet2hef.runtime.live.playback_queue import PlaybackQueue

CARD = {"name": "card", "max_input_channels": 4, "max_output_channels": 2, "default_samplerate": 16000.0}


class PortAudioError(Exception):
    pass


class StandInStream:
    def __init__(self, **options) -> None:
        if options["channels"] > 4:
            raise PortAudioError("Invalid number of channels [PaErrorCode -9998]")
        self.options, self.calls = options, []

    def start(self) -> None:
        self.calls.append("start")

    def stop(self) -> None:
        self.calls.append("stop")

    def close(self) -> None:
        self.calls.append("close")


@pytest.fixture
def card(monkeypatch) -> ModuleType:
    """Put a stand-in with one sound card in the place of ``sounddevice``."""
    library = ModuleType("sounddevice")
    library.InputStream = library.OutputStream = StandInStream
    library.PortAudioError = PortAudioError

    def query_devices(device=None, kind=None):
        if kind is None:
            return (CARD,)
        if device not in (None, 0, "card"):
            raise ValueError(f"No {kind} device matching {device!r}")
        return CARD

    library.query_devices = query_devices
    monkeypatch.setitem(sys.modules, "sounddevice", library)
    return library


def test_the_callback_gives_the_chosen_channels_and_copies_them(card):
    microphone, queue = DeviceMicrophone(None, (3, 1)), CaptureQueue(1000)
    microphone.start(queue)
    options = microphone._stream.options
    assert (options["samplerate"], options["blocksize"], options["channels"]) == (16000, 320, 3)
    memory = np.arange(12, dtype=np.float32).reshape(4, 3)
    options["callback"](memory, 4, None, SimpleNamespace(input_overflow=False))
    options["callback"](memory, 4, None, SimpleNamespace(input_overflow=True))
    memory[:] = -1
    np.testing.assert_array_equal(queue.take(), [[2, 5, 8, 11], [0, 3, 6, 9]])
    assert microphone.overflows == 1
    microphone.stop()
    assert microphone._stream.calls == ["start", "close"]
    queue.take()
    assert queue.take() is None


def test_the_loudspeaker_plays_what_is_there_and_then_silence(card):
    loudspeaker, queue = DeviceLoudspeaker(16000, "card"), PlaybackQueue(2, 1000)
    queue.put(np.array([[1, 2, 3], [4, 5, 6]], np.float32))
    loudspeaker.start(queue)
    rows = np.full((4, 2), 9, np.float32)
    loudspeaker._stream.options["callback"](rows, 4, None, None)
    np.testing.assert_array_equal(rows, [[1, 4], [2, 5], [3, 6], [0, 0]])
    assert loudspeaker.is_playing
    queue.close()
    assert not loudspeaker.is_playing
    loudspeaker.stop()
    assert loudspeaker._stream.calls == ["start", "stop", "close"]


def test_a_device_that_is_not_there_or_can_not_is_one_line(card):
    with pytest.raises(OptionError, match=r"found no input device for 'usb' \(No input device .*--from-file"):
        DeviceMicrophone("usb")
    with pytest.raises(OptionError, match=r"can't open 5 channels at 16000 Hz \(Invalid number of channels"):
        DeviceMicrophone(None, (5,)).start(CaptureQueue(10))
    assert list_devices() == [
        {"number": 0, "name": "card", "channels_in": 4, "channels_out": 2, "rate_hz": 16000},
    ]
    card.query_devices = lambda: ()
    with pytest.raises(OptionError, match="sound devices: found none"):
        list_devices()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ModuleNotFoundError("No module named 'sounddevice'"), r"not installed in .*tasnet2hef\[live\]"),
        (OSError("PortAudio library not found"), "found no PortAudio on this system .*libportaudio2"),
    ],
)
def test_without_the_library_the_files_are_named_as_the_way_out(monkeypatch, error, words):
    def fail(_name):
        raise error

    monkeypatch.setattr(device_endpoints, "import_module", fail)
    with pytest.raises(OptionError, match=words) as refusal:
        list_devices()
    assert "--from-file" in str(refusal.value)
