"""Opens the backend, devices and files of a live session, runs it, and closes them again."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.files import digest_of_file
from tasnet2hef.base.marks import Mark
from tasnet2hef.base.outputs import Output, require_outputs
from tasnet2hef.base.spec import LEAST_RATE, MOST_RATE
from tasnet2hef.runtime.backends.opening import opened, origin_of
from tasnet2hef.runtime.live.controls import LARGEST_GAIN_DB, Controls
from tasnet2hef.runtime.live.device_endpoints import DeviceLoudspeaker, DeviceMicrophone, default_rate_hz
from tasnet2hef.runtime.live.endpoints import Loudspeaker, Microphone
from tasnet2hef.runtime.live.file_endpoints import FileLoudspeaker, FileMicrophone
from tasnet2hef.runtime.live.options import FASTEST, MOST_CHANNELS, SLOWEST, LiveOptions
from tasnet2hef.runtime.live.session import LiveSession, StateCallback
from tasnet2hef.runtime.live.summary import Latency, LiveSummary
from tasnet2hef.runtime.live.wav_files import recorder, recording_paths, wav_file
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
        mark = _require_outputs(model_path, spec.n_src, options)
        _require_source(controls.source, spec.n_src)
        if spec.audio_channels > 1:
            raise OptionError(
                f"{model_path}: found a model over {spec.audio_channels} channels, expected one channel; "
                "`separate` takes it, live does not"
            )
        microphone = _microphone(options)
        loudspeaker, rate_hz = _loudspeaker(options, microphone, files, mark.text)
        on_part = None
        if options.record is not None:
            on_part = files.enter_context(
                recorder(options.record, spec.sample_rate, microphone.channels, spec.n_src, mark.text)
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


def _require_outputs(model_path: str | Path, n_src: int, options: LiveOptions) -> Mark:
    """Check where a session would write; return the mark of its files.

    A session with a microphone can't be heard again: no later one replaces its files unasked.

    Raises:
        OptionError: a file would be destroyed, or can't be written.
    """
    computed_by, inputs = origin_of(model_path, options.runtime)
    heard = uuid.uuid4().hex if options.from_file is None else _digest(options.from_file)
    mark = Mark.of("live", heard, computed_by)
    paths = [] if options.record is None else recording_paths(options.record, n_src)
    paths += [] if options.to_file is None else [options.to_file]
    read = [*inputs, *([] if options.from_file is None else [options.from_file])]
    require_outputs([Output(path, mark) for path in paths], read, force=options.force)
    return mark


def _digest(path: Path) -> str:
    return digest_of_file(path) if path.is_file() else ""


def _require_source(source: int, n_src: int) -> None:
    if not 1 <= source <= n_src:
        raise OptionError(f"--source: found {source}, expected 1 to {n_src}, the model's sources")


def _microphone(options: LiveOptions) -> Microphone:
    if options.from_file is not None:
        return FileMicrophone(options.from_file, options.channels, options.speed)
    return DeviceMicrophone(options.input_device, options.channels or (1,), options.rate_hz)


def _loudspeaker(
    options: LiveOptions, microphone: Microphone, files: ExitStack, made_by: str
) -> tuple[Loudspeaker, int]:
    """Open the loudspeaker and return it with its rate in Hz; a file has the microphone's."""
    if options.to_file is None:
        rate_hz = options.rate_hz or default_rate_hz(options.output_device, "output")
        return DeviceLoudspeaker(rate_hz, options.output_device), rate_hz
    rate_hz = microphone.sample_rate_hz
    write = files.enter_context(wav_file(options.to_file, rate_hz, microphone.channels, made_by))
    # A real microphone sets the pace itself; playing a file in real time behaves as a sound card does.
    speed = options.speed if options.from_file is not None else 0.0
    return FileLoudspeaker(write, rate_hz, speed), rate_hz
