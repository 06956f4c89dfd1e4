"""Opens the backend, devices and files of a live session, runs it, and closes them again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.spec import LEAST_RATE, MOST_RATE
from tasnet2hef.runtime.backends.opening import opened
from tasnet2hef.runtime.live.controls import LARGEST_GAIN_DB, Controls
from tasnet2hef.runtime.live.device_endpoints import DeviceLoudspeaker, DeviceMicrophone, default_rate_hz
from tasnet2hef.runtime.live.endpoints import Loudspeaker, Microphone
from tasnet2hef.runtime.live.file_endpoints import FileLoudspeaker, FileMicrophone
from tasnet2hef.runtime.live.options import FASTEST, MOST_CHANNELS, SLOWEST, LiveOptions
from tasnet2hef.runtime.live.session import LiveSession, StateCallback
from tasnet2hef.runtime.live.summary import Latency, LiveSummary
from tasnet2hef.runtime.live.wav_files import recorder, wav_file
from tasnet2hef.runtime.stream.streamer import require_joining


def run_live(
    model_path: Path,
    options: LiveOptions,
    controls: Controls,
    on_start: Callable[[int, Latency], StateCallback],
) -> LiveSummary:
    """Separate live until the input ends or the state callback returns False.

    ``on_start`` is called with the number of sources and the latency, and returns the state callback.

    Raises:
        GraphError: the model can't be used.
        AudioError: a file can't be read or written.
        OptionError: an option is out of range, or a device or package is missing.
        RefusedError: the model returned NaN or infinite samples.
    """
    _check(options)
    if not abs(controls.gain_db) <= LARGEST_GAIN_DB:
        raise OptionError(
            f"--gain: found {controls.gain_db} dB, expected {-LARGEST_GAIN_DB:g} to {LARGEST_GAIN_DB:g} dB"
        )
    with ExitStack() as files:
        backend = files.enter_context(opened(model_path, options.runtime, options.threads))
        spec = backend.contract.spec
        _require_source(controls.source, spec.n_src)
        if spec.audio_channels > 1:
            raise OptionError(
                f"{model_path}: found a model over {spec.audio_channels} channels, expected one channel; "
                "`separate` takes it, live does not"
            )
        microphone = _microphone(options)
        loudspeaker, rate_hz = _loudspeaker(options, microphone, files)
        on_part = None
        if options.record is not None:
            on_part = files.enter_context(
                recorder(options.record, spec.sample_rate, microphone.channels, spec.n_src)
            )
        session = LiveSession(
            backend,
            microphone,
            loudspeaker,
            rate_hz,
            controls,
            overlap=options.overlap,
            halo=options.halo,
            on_part=on_part,
        )
        return session.run(on_start(spec.n_src, session.latency))


def _check(options: LiveOptions) -> None:
    require_joining(options.overlap, options.halo)
    if options.speed and not SLOWEST <= options.speed <= FASTEST:
        raise OptionError(
            f"--speed: found {options.speed}, expected 0 (as fast as possible) or {SLOWEST:g} to {FASTEST:g}"
        )
    if options.from_file is None and options.speed != 1:
        raise OptionError(f"--speed: found {options.speed} without --from-file; a microphone has its own speed")
    if any(channel < 1 for channel in options.channels or ()) or options.channels == ():
        raise OptionError(f"--channels: found {options.channels}, expected numbers from 1")
    if len(options.channels or ()) > MOST_CHANNELS:
        raise OptionError(f"--channels: found {len(options.channels or ())}, expected at most {MOST_CHANNELS}")
    if options.rate_hz is not None and not LEAST_RATE <= options.rate_hz <= MOST_RATE:
        raise OptionError(f"--rate: found {options.rate_hz} Hz, expected {LEAST_RATE} to {MOST_RATE} Hz")
    if options.to_file is not None and options.to_file == options.from_file:
        raise OptionError(f"{options.to_file}: found the same file for --from-file and --to-file; choose another")


def _require_source(source: int, n_src: int) -> None:
    if not 1 <= source <= n_src:
        raise OptionError(f"--source: found {source}, expected 1 to {n_src}, the model's sources")


def _microphone(options: LiveOptions) -> Microphone:
    if options.from_file is not None:
        return FileMicrophone(options.from_file, options.channels, options.speed)
    return DeviceMicrophone(options.input_device, options.channels or (1,), options.rate_hz)


def _loudspeaker(options: LiveOptions, microphone: Microphone, files: ExitStack) -> tuple[Loudspeaker, int]:
    """Open the loudspeaker and return it with its rate in Hz; a file has the microphone's."""
    if options.to_file is None:
        rate_hz = options.rate_hz or default_rate_hz(options.output_device, "output")
        return DeviceLoudspeaker(rate_hz, options.output_device), rate_hz
    rate_hz = microphone.sample_rate_hz
    write = files.enter_context(wav_file(options.to_file, rate_hz, microphone.channels))
    # A real microphone sets the pace itself; playing a file in real time behaves as a sound card does.
    speed = options.speed if options.from_file is not None else 0.0
    return FileLoudspeaker(write, rate_hz, speed), rate_hz
