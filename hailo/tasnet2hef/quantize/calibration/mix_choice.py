"""Chooses how many recordings a calibration window adds up, where nobody said it: mixtures for a net of several.

The net itself is asked: of a recording of one voice it puts nearly all into one source. Measured on two nets of
two sources, five voices of telephone prompts and windows of 2 s: one source is 10 dB or more below the other in 88
to 100 % of the windows of single voices, and in 6 to 19 % of those of two voices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from tasnet2hef.audio.collection import MIXTURE
from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.graph_contract import GraphContract
from tasnet2hef.quantize.calibration.window_draw import Draw, Recording, draw_windows
from tasnet2hef.runtime.backends import Backend
from tasnet2hef.runtime.speech_windows import separate_clips

WINDOWS: Final = 16
QUIET_DB: Final = 10.0
"""Distance to the loudest source from which a source is left out of a recording."""
MOST: Final = 0.5


def choose_mix(
    recordings: Sequence[Recording], contract: GraphContract, draw: Draw, backend: Backend
) -> tuple[int, str]:
    """Return how many recordings to add up in a window, and why in one line (empty where there is no choice).

    Raises:
        AudioError: a recording can't be read.
        RefusedError: the net returned NaN or infinite samples.
    """
    sources = contract.spec.n_src
    if sources == 1 or recordings[0].path.stem.endswith(MIXTURE):
        return 1, ""
    windows = [
        window
        for window in draw_windows(recordings, contract, replace(draw, windows=WINDOWS, mixed=1))
        if window.any()
    ]
    if not windows:
        return 1, ""
    single = sum(map(_is_single, separate_clips(backend, np.stack(windows))))
    measured = (
        f"in {single} of {len(windows)} windows the net itself leaves a source {QUIET_DB:.0f} dB or more below "
        "the loudest"
    )
    if single <= MOST * len(windows):
        return (
            1,
            f"the recordings are mixtures already: {measured}; --mix {sources} would add up several",
        )
    if len(recordings) < sources:
        return 1, f"the recordings hold single voices ({measured}), but are too few to mix; give more"
    return sources, (
        f"the recordings hold single voices: {measured}; {sources} are added up in each window, as the model was "
        "trained (--mix 1 takes them as they are)"
    )


def _is_single(sources: Samples) -> bool:
    """Tell whether one of ``[source, sample]`` is far below the loudest."""
    power = np.square(sources, dtype=np.float64).mean(axis=1)
    return bool(power.min() <= power.max() * 10 ** (-QUIET_DB / 10))
