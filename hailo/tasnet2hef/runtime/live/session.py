"""One live session: a microphone, a worker that separates, a loudspeaker, and queues between them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import numpy as np

from tasnet2hef.audio.rate_change import RateChange, held_seconds
from tasnet2hef.audio.samples import Samples
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

TICK_SECONDS: Final = 0.1
HOPS_HELD: Final = 4
"""Hops of input that may wait: chosen, so that a pause of the machine of two windows loses nothing."""
SHORTEST_HELD_SECONDS: Final = 1.0

Tick = Callable[[LiveState], bool]
"""Told ten times a second how the session stands; False ends it."""
Record = Callable[[LivePart], None]


class LiveSession:
    """Runs until the microphone ends, a tick says so, or Ctrl-C.

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
        record: Record | None = None,
    ) -> None:
        self._microphone, self._loudspeaker, self._controls, self._record = (
            microphone,
            loudspeaker,
            controls,
            record,
        )
        channels, rate_hz = microphone.channels, microphone.sample_rate_hz
        self._play_rate_hz = loudspeaker_rate_hz
        self.separator = LiveSeparator(backend, channels, rate_hz, overlap=overlap, halo=halo)
        model_rate_hz = self.separator.rate_hz
        self._to_loudspeaker = RateChange(channels, model_rate_hz, loudspeaker_rate_hz)
        self.latency = Latency(
            window_ms=1000 * self.separator.lag_seconds,
            resampling_ms=1000
            * (held_seconds(rate_hz, model_rate_hz) + held_seconds(model_rate_hz, loudspeaker_rate_hz)),
            block_ms=1000 * BLOCK_SECONDS,
            computing_ms=2000 * microphone.speed * _hop_seconds_needed(backend, channels),
        )
        held_seconds_at_most = max(SHORTEST_HELD_SECONDS, HOPS_HELD * self.separator.hop_seconds)
        self._heard = CaptureQueue(round(held_seconds_at_most * rate_hz), waits=microphone.speed == 0)
        delay_seconds = self.latency.total_ms / 1000
        most_seconds = delay_seconds + held_seconds_at_most + HOPS_HELD * self.separator.hop_seconds
        self._play = PlaybackQueue(
            channels, round(most_seconds * loudspeaker_rate_hz), waits=microphone.speed == 0
        )
        self._play.put(np.zeros((channels, round(delay_seconds * loudspeaker_rate_hz)), np.float32))
        self._levels = DelayedLevels(self.separator.n_src, model_rate_hz, round(2 * most_seconds / STEP_SECONDS))
        self._put_samples = 0
        self._clipped_samples = 0

    def run(self, tick: Tick) -> LiveSummary:
        """Listen, separate and play to the end; return how it went.

        Raises:
            AudioError: a file can't be read or written.
            OptionError: a device can't be opened.
            RefusedError: the model returned NaN or infinite samples.
        """
        worker = Task("separation", self._separate)
        try:
            self._microphone.start(self._heard)
            self._loudspeaker.start(self._play)
            while self._loudspeaker.is_playing and tick(self._state()):
                time.sleep(TICK_SECONDS)
        except KeyboardInterrupt:
            pass  # the usual end of a session: what was heard so far is reported
        finally:
            self._stop(worker)
        return self._summary()

    def _stop(self, worker: Task) -> None:
        self._heard.empty()
        self._play.close()
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
            while (taken := self._heard.take()) is not None:
                if isinstance(taken, Gap):
                    for part in self.separator.skip(taken.samples):
                        self._give(part)
                else:
                    self._give(self.separator.feed(taken))
            self._give(self.separator.flush())
            self._put(self._to_loudspeaker.flush(), is_gap=False)
        finally:
            self._play.close()

    def _give(self, part: LivePart) -> None:
        if self._record is not None:
            self._record(part)
        delay_seconds = self.latency.total_ms / 1000
        self._levels.add(part, delay_seconds + self._put_samples / self._play_rate_hz)
        self._put(self._to_loudspeaker.feed(self._controls.choose(part)), is_gap=part.is_gap)

    def _put(self, samples: Samples, *, is_gap: bool) -> None:
        self._clipped_samples += int((np.abs(samples) > 1).sum())
        self._put_samples += samples.shape[1]
        self._play.put(np.clip(samples, -1, 1), is_gap=is_gap)

    def _state(self) -> LiveState:
        seconds = self._play.played_samples / self._play_rate_hz
        return LiveState(seconds, self._levels.at(seconds), self._heard.overruns, self._play.underruns)

    def _summary(self) -> LiveSummary:
        factors = self.separator.real_time_factors
        rate_hz = self._microphone.sample_rate_hz
        return LiveSummary(
            seconds=self._heard.taken_samples / rate_hz,
            windows=self.separator.windows,
            rtf_p50=float(np.percentile(factors, 50)) if factors else None,
            rtf_p95=float(np.percentile(factors, 95)) if factors else None,
            latency=self.latency,
            overruns=self._heard.overruns,
            dropped_seconds=self._heard.dropped_samples / rate_hz,
            device_overflows=self._microphone.overflows,
            underruns=self._play.underruns,
            playback_dropped_seconds=self._play.dropped_samples / self._play_rate_hz,
            clipped_samples=self._clipped_samples,
            gain=self.separator.factors,
            is_exact=self.separator.is_exact and not self._heard.overruns,
        )


def _hop_seconds_needed(backend: Backend, channels: int) -> float:
    """Time one hop of all channels on silence, after a first run that pays for what is set up only once."""
    contract = backend.contract
    frames = np.zeros((contract.rows, contract.streams * contract.spec.stride), np.float32)
    backend.run(frames)
    start = time.perf_counter()
    backend.run(frames)
    return (time.perf_counter() - start) * -(-channels // contract.streams)
