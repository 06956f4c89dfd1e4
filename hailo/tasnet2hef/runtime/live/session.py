"""One live session: a microphone, a worker that separates, a loudspeaker, and queues between them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import numpy as np

from tasnet2hef.audio.samples import Samples
from tasnet2hef.audio.stream_resampler import StreamResampler, resampling_lag_seconds
from tasnet2hef.runtime.backends import Backend
from tasnet2hef.runtime.live.capture_queue import CaptureQueue, Gap
from tasnet2hef.runtime.live.controls import Controls
from tasnet2hef.runtime.live.delayed_levels import STEP_SECONDS, DelayedLevels
from tasnet2hef.runtime.live.endpoints import BLOCK_SECONDS, Loudspeaker, Microphone
from tasnet2hef.runtime.live.playback_queue import PlaybackQueue
from tasnet2hef.runtime.live.separator import LivePart, LiveSeparator
from tasnet2hef.runtime.live.summary import Latency, LiveState, LiveSummary
from tasnet2hef.runtime.live.task import Task
from tasnet2hef.runtime.stream.halo import Halo

STATE_SECONDS: Final = 0.1
QUEUED_HOPS: Final = 4
"""Hops of input that may be queued: chosen so that a stall of two windows loses no input."""
SHORTEST_QUEUE_SECONDS: Final = 1.0

StateCallback = Callable[[LiveState], bool]
"""Called ten times a second with the session's state; False ends the session."""
PartCallback = Callable[[LivePart], None]
"""Called with every part of the output."""


class LiveSession:
    """Runs until the microphone ends, the state callback returns False, or Ctrl-C.

    Raises:
        OptionError: see ``make_streamer``.
    """

    def __init__(
        self,
        backend: Backend,
        microphone: Microphone,
        loudspeaker: Loudspeaker,
        loudspeaker_rate_hz: int,
        controls: Controls,
        *,
        overlap: float | None = None,
        halo: Halo | None = None,
        on_part: PartCallback | None = None,
    ) -> None:
        self._microphone, self._loudspeaker = microphone, loudspeaker
        self._controls, self._on_part = controls, on_part
        channels, rate_hz = microphone.channels, microphone.sample_rate_hz
        self._play_rate_hz = loudspeaker_rate_hz
        self.separator = LiveSeparator(backend, channels, rate_hz, overlap=overlap, halo=halo)
        model_rate_hz = self.separator.rate_hz
        self._to_loudspeaker = StreamResampler(channels, model_rate_hz, loudspeaker_rate_hz)
        resampling_seconds = resampling_lag_seconds(rate_hz, model_rate_hz)
        resampling_seconds += resampling_lag_seconds(model_rate_hz, loudspeaker_rate_hz)
        self.latency = Latency(
            window_ms=1000 * self.separator.lag_seconds,
            resampling_ms=1000 * resampling_seconds,
            block_ms=1000 * BLOCK_SECONDS,
            computing_ms=2000 * microphone.speed * _measure_hop_seconds(backend, channels),
        )
        waits = microphone.speed == 0
        capture_seconds = max(SHORTEST_QUEUE_SECONDS, QUEUED_HOPS * self.separator.hop_seconds)
        self._captured = CaptureQueue(round(capture_seconds * rate_hz), waits=waits)
        delay_seconds = self.latency.total_ms / 1000
        playback_seconds = delay_seconds + capture_seconds + QUEUED_HOPS * self.separator.hop_seconds
        self._playback = PlaybackQueue(channels, round(playback_seconds * loudspeaker_rate_hz), waits=waits)
        self._playback.put(np.zeros((channels, round(delay_seconds * loudspeaker_rate_hz)), np.float32))
        steps = round(2 * playback_seconds / STEP_SECONDS)
        self._levels = DelayedLevels(self.separator.n_src, model_rate_hz, steps)
        self._put_samples = 0
        self._clipped_samples = 0

    def run(self, on_state: StateCallback) -> LiveSummary:
        """Capture, separate and play to the end; return the summary.

        Raises:
            AudioError: a file can't be read or written.
            OptionError: a device can't be opened.
            RefusedError: the model returned NaN or infinite samples.
        """
        worker = Task("separation", self._separate)
        try:
            self._microphone.start(self._captured)
            self._loudspeaker.start(self._playback)
            while self._loudspeaker.is_playing and on_state(self._state()):
                time.sleep(STATE_SECONDS)
        except KeyboardInterrupt:
            pass  # the usual end of a session: the audio up to here is reported
        finally:
            self._stop(worker)
        return self._summary()

    def _stop(self, worker: Task) -> None:
        self._captured.empty()
        self._playback.close()
        try:
            worker.wait()
        finally:
            try:
                self._microphone.stop()
            finally:
                self._loudspeaker.stop()

    def _separate(self) -> None:
        """Do the worker's work: everything that takes time."""
        try:
            while (block := self._captured.take()) is not None:
                if isinstance(block, Gap):
                    for part in self.separator.skip(block.samples):
                        self._output(part)
                else:
                    self._output(self.separator.feed(block))
            self._output(self.separator.flush())
            self._put(self._to_loudspeaker.flush(), is_gap=False)
        finally:
            self._playback.close()

    def _output(self, part: LivePart) -> None:
        if self._on_part is not None:
            self._on_part(part)
        delay_seconds = self.latency.total_ms / 1000
        self._levels.add(part, delay_seconds + self._put_samples / self._play_rate_hz)
        self._put(self._to_loudspeaker.feed(self._controls.choose(part)), is_gap=part.is_gap)

    def _put(self, samples: Samples, *, is_gap: bool) -> None:
        self._clipped_samples += int((np.abs(samples) > 1).sum())
        self._put_samples += samples.shape[1]
        self._playback.put(np.clip(samples, -1, 1), is_gap=is_gap)

    def _state(self) -> LiveState:
        seconds = self._playback.played_samples / self._play_rate_hz
        return LiveState(seconds, self._levels.at(seconds), self._captured.overruns, self._playback.underruns)

    def _summary(self) -> LiveSummary:
        factors = self.separator.real_time_factors
        rate_hz = self._microphone.sample_rate_hz
        return LiveSummary(
            seconds=self._captured.taken_samples / rate_hz,
            windows=self.separator.windows,
            rtf_p50=float(np.percentile(factors, 50)) if factors else None,
            rtf_p95=float(np.percentile(factors, 95)) if factors else None,
            latency=self.latency,
            overruns=self._captured.overruns,
            dropped_seconds=self._captured.dropped_samples / rate_hz,
            device_overflows=self._microphone.overflows,
            underruns=self._playback.underruns,
            playback_dropped_seconds=self._playback.dropped_samples / self._play_rate_hz,
            clipped_samples=self._clipped_samples,
            gain=self.separator.factors,
            is_exact=self.separator.is_exact and not self._captured.overruns,
        )


def _measure_hop_seconds(backend: Backend, channels: int) -> float:
    """Time one hop of all channels on silence, after a first run that includes one-time setup."""
    contract = backend.contract
    frames = np.zeros((contract.rows, contract.streams * contract.spec.stride), np.float32)
    backend.run(frames)
    start = time.perf_counter()
    backend.run(frames)
    return (time.perf_counter() - start) * -(-channels // contract.streams)
