"""What the windows of a calibration set hold: silence, noise, one window again and again, another level, clipping.

Ranges are measured on these windows, so a set that is nothing like what the chip will hear makes a HEF that looks
sound and separates nothing. Only the clear cases are refused, each with its figure; what lies between is a remark.

A set of stationary noise is told by how its spectrum varies: over frames of 32 ms the power of a bin in decibels
has a standard deviation of 5.6 dB for Gaussian noise of any colour (that of the logarithm of an exponential
variable, ``10 / ln 10 * pi / sqrt(6)``), whatever its level. Measured here, over the bins weighted by their power:

====================================================  ============
white, pink and speech-shaped noise, 32 ms to 2 s     4.8 to 6.1 dB
speech in white noise as loud as itself               6.7 to 7.0 dB
speech in white noise, 5 / 10 / 20 dB below it        7.5 / 9.0 / 10 dB and more
five voices at once                                   8.5 to 9.5 dB
two voices at once                                    11.5 to 14 dB
one voice (5 voices of telephone prompts)             11.5 to 25 dB
tones of changing pitch                               27 dB
a steady tone                                         0 dB
====================================================  ============
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tasnet2hef.audio.level import rms_dbfs
from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import AudioError
from tasnet2hef.base.graph_contract import INPUT_NAME, GraphContract
from tasnet2hef.quantize.calibration.calibration_set import CalibrationSet
from tasnet2hef.runtime.backends.frames import frames_to_streams
from tasnet2hef.target.graph.opened import OpenedGraph

SILENCE_DBFS: Final = -60.0
"""RMS of a window below which it counts as silent."""
EMPTY_DBFS: Final = -100.0
"""RMS below which a window has no level at all: zeros, or the rounding of zeros."""
USUAL_DBFS: Final = -25.0
"""The level that the windows are compared with where the model takes any: that of recorded speech."""
UNUSUAL_DB: Final = 15.0
"""Distance of the median window from the level that is still usual. Chosen, not measured."""
FARTHEST_DB: Final = 40.0
"""Distance of the median window from the level that can't be meant. Samples in 16-bit integers are 90 dB too loud;
recorded speech, from a whisper across a room to a shout, stays within 30 dB."""
MOST, SOME = 0.9, 0.1
"""Share of the windows from which a flaw is refused, and from which it is remarked."""
FEWEST_DIFFERENT: Final = 1 / 8
"""Share of different windows up to which a set is refused; recordings never repeat exactly."""
CLIPPED_SHARE: Final = 0.2
"""Share of a window's samples at its peak from which it is clipped hard: 0.01 to 0.9 % in real speech, 3 % of a
sine, 5 % of speech raised by 12 dB, 22 % of speech raised by 20 dB (measured)."""
NOISE_DB: Final = (4.5, 6.2)
"""Variation of the spectrum between which a set is noise."""
LEAST_VARIATION_DB: Final = 8.0
"""Variation below which a set is remarked on: speech as loud as its noise, or steady tones."""
FRAME_SECONDS: Final = 0.032
LEAST_FRAMES: Final = 16
"""Frames from which the variation of a spectrum can be told."""

_Spectra = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Content:
    """Figures of a set; levels are RMS in dBFS. None where too little sounds to tell."""

    windows: int
    silent: int
    different: int
    """Windows that differ from each other by more than a factor, of those that are not empty."""
    sounding: int
    median_dbfs: float | None
    clipped: int
    """Windows that are clipped hard."""
    variation_db: float | None
    """Standard deviation over time of the spectrum's bins, weighted by their power."""


class ContentMeter:
    """Takes a set's windows one after another; needs the memory of one window, and a digest for each."""

    def __init__(self, rate_hz: int) -> None:
        self._size = max(16, round(FRAME_SECONDS * rate_hz))
        self._windows = self._silent = self._clipped = 0
        self._levels: list[float] = []
        self._signatures: set[bytes] = set()
        self._frames = 0
        self._sums: _Spectra = np.zeros((3, self._size // 2 + 1))

    def note(self, window: Samples) -> None:
        """Take a window ``[sample]``."""
        level = rms_dbfs(window)
        self._windows += 1
        self._silent += level < SILENCE_DBFS
        if level <= EMPTY_DBFS:
            return
        peak = float(np.abs(window).max())
        self._levels.append(level)
        self._signatures.add(_signature(window))
        if level >= SILENCE_DBFS:
            self._clipped += bool(np.mean(np.abs(window) >= 0.999 * peak) >= CLIPPED_SHARE)
            self._add_spectra(window * 10 ** (-level / 20))

    def _add_spectra(self, window: Samples) -> None:
        size = min(self._size, len(window))
        count = len(window) // size
        frames = window[: count * size].reshape(count, size) * np.hanning(size)
        power = np.abs(np.fft.rfft(frames, self._size, axis=1)) ** 2
        level_db = 10 * np.log10(power + 1e-9)
        self._frames += count
        self._sums += np.stack([power.sum(0), level_db.sum(0), np.square(level_db).sum(0)])

    def content(self) -> Content:
        """Return the figures of all windows so far."""
        return Content(
            windows=self._windows,
            silent=self._silent,
            different=len(self._signatures),
            sounding=len(self._levels),
            median_dbfs=float(np.median(self._levels)) if self._levels else None,
            clipped=self._clipped,
            variation_db=self._variation_db(),
        )

    def _variation_db(self) -> float | None:
        if self._frames < LEAST_FRAMES:
            return None
        # The lowest bins hold the mean and hum.
        power, level_db, square = self._sums[:, 2:-2] / self._frames
        deviation = np.sqrt(np.maximum(square - level_db**2, 0))
        return float((deviation * power).sum() / max(float(power.sum()), 1e-30))


def _signature(window: Samples) -> bytes:
    """Return where the peaks of a window's sixteenths lie: the same for a window that is only louder."""
    size = max(1, len(window) // 16)
    blocks = np.abs(window[: len(window) // size * size].reshape(-1, size))
    signature: bytes = blocks.argmax(axis=1).astype(np.int32).tobytes()
    return signature


@dataclass(frozen=True)
class Flaws:
    """What is wrong with a set: ``refused`` makes it useless, ``remarked`` makes it doubtful."""

    refused: tuple[str, ...]
    remarked: tuple[str, ...]


def flaws_of(content: Content, level_dbfs: float | None) -> Flaws:
    """Return the flaws of a set for a model that expects ``level_dbfs`` (None: any level)."""
    found = [
        _level(content, level_dbfs),
        _silence(content),
        _repeats(content),
        _noise(content),
        _clipping(content),
    ]
    return Flaws(
        tuple(text for share, text in found if share >= MOST),
        tuple(text for share, text in found if 0 < share < MOST),
    )


_Flaw = tuple[float, str]
"""How bad a flaw is, 0 to 1 (refused from 0.9 on), and what it is."""


def _level(content: Content, level_dbfs: float | None) -> _Flaw:
    if content.median_dbfs is None:
        return 0.0, ""
    wanted = USUAL_DBFS if level_dbfs is None else level_dbfs
    distance = abs(content.median_dbfs - wanted)
    where = "above" if content.median_dbfs > wanted else "below"
    of = "that of recorded speech" if level_dbfs is None else "the model's level"
    text = (
        f"its windows are at {content.median_dbfs:.0f} dBFS (median), {distance:.0f} dB {where} {of} of "
        f"{wanted:.0f} dBFS; bring them to that level, full scale being 1"
    )
    # A model that takes any level takes quiet recordings too.
    usual = UNUSUAL_DB if level_dbfs is not None else FARTHEST_DB
    return (1.0 if distance >= FARTHEST_DB else 0.5 if distance > usual else 0.0), text


def _silence(content: Content) -> _Flaw:
    share = content.silent / content.windows
    text = f"silence: {content.silent} of {content.windows} windows lie below {SILENCE_DBFS:.0f} dBFS"
    return (share if share >= 0.5 else 0.0), text + "; give recordings as the chip will hear them"


def _repeats(content: Content) -> _Flaw:
    again = content.sounding - content.different
    text = (
        f"{again} of {content.sounding} windows repeat another one: ranges are measured on {content.different} "
        "different ones only; give as many different windows, of more audio"
    )
    if not again:
        return 0.0, ""
    return (
        1.0 if content.different == 1 or content.different <= FEWEST_DIFFERENT * content.sounding else 0.5
    ), text


def _noise(content: Content) -> _Flaw:
    variation = content.variation_db
    if variation is None or variation >= LEAST_VARIATION_DB:
        return 0.0, ""
    figure = f"its spectrum varies by {variation:.1f} dB over time, noise by 5.6 dB and speech by 11 dB and more"
    if NOISE_DB[0] <= variation <= NOISE_DB[1]:
        return 1.0, f"noise, no speech: {figure}; give recordings of speech"
    what = "steady tones" if variation < NOISE_DB[0] else "hardly more than noise"
    return 0.5, f"{what}: {figure}"


def _clipping(content: Content) -> _Flaw:
    share = content.clipped / content.windows
    text = (
        f"clipped: in {content.clipped} of {content.windows} windows {100 * CLIPPED_SHARE:.0f} % of the samples "
        "or more are at the window's peak; give recordings that are not overdriven"
    )
    return (share if share >= SOME else 0.0), text


def require_speech(content: Content, contract: GraphContract, where: object, *, any_data: bool) -> list[str]:
    """Return remarks on a set; refuse one that is nothing like what the chip will hear.

    Raises:
        AudioError: it is, and ``any_data`` is not set. The message has the figure.
    """
    flaws = flaws_of(content, contract.input_level_dbfs)
    if flaws.refused and not any_data:
        raise AudioError(f"{where}: {flaws.refused[0]} (to take it as it is: --any-data, in `compile` --force)")
    accepted = [f"{where}: taken as it is although {text}" for text in flaws.refused]
    return accepted + [f"{where}: {text}" for text in flaws.remarked]


def remarks_of(calibration: CalibrationSet, graph: OpenedGraph, *, any_data: bool = False) -> list[str]:
    """Return remarks on the windows of a set; those on a set made here were given when it was drawn.

    The set of a chip part holds no audio: it was judged when it was drawn.

    Raises:
        AudioError: see `require_speech`; not for a set that was drawn with ``--any-data``.
    """
    contract, metadata = graph.require_contract(), calibration.metadata
    if contract.ends == "host":
        return []
    meter = ContentMeter(contract.spec.values_per_second)
    layer = graph.input_layers[INPUT_NAME] if len(calibration.layers) > 1 else calibration.input_layer
    for window in _windows(calibration, layer, contract):
        meter.note(window)
    taken = metadata is not None and metadata.any_data
    remarks = require_speech(meter.content(), contract, calibration.path, any_data=any_data or taken)
    return remarks if metadata is None or taken else []


def _windows(calibration: CalibrationSet, layer: str, contract: GraphContract) -> Iterable[Samples]:
    """Yield the audio ``[sample]`` of a set's windows in array ``layer``, those side by side in turn."""
    for inputs in calibration.inputs():
        frames: Any = inputs[layer]
        yield frames_to_streams(frames.reshape(1, contract.rows, -1), contract).ravel()
