"""Three seconds of real speech, two voices at once, to compare networks on.

``excerpt.flac`` (8 kHz): the prompts ``conf-onlyone`` by Allison Smith (en_US) and ``conf-getpin`` by Carlo Flora
(it_IT), levelled, cut and added, from Debian's asterisk-core-sounds 1.6.1. The first is under CC BY-SA 3.0, the
second under CC BY 3.0; the excerpt is under CC BY-SA 3.0.
"""

from __future__ import annotations

from importlib import resources

import numpy as np

from tasnet2hef.audio.samples import Samples


def speech_clip(samples: int, sample_rate: int) -> Samples:
    """Return ``samples`` samples of real speech at ``sample_rate`` Hz; the excerpt is repeated where it ends."""
    import soundfile
    import soxr

    with resources.as_file(resources.files(__name__) / "excerpt.flac") as path:
        speech, rate = soundfile.read(path, dtype="float32")
    resampled = soxr.resample(speech, rate, sample_rate)
    return np.resize(resampled, samples).astype(np.float32)
