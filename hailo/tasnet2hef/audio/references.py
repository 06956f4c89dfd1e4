"""Reads the true sources against which separated ones are scored."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tasnet2hef.audio.files import Channel, Clip, choose_channels, read_clip
from tasnet2hef.audio.metrics import require_scorer
from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import AudioError, OptionError


def read_references(references: Sequence[str | Path], clip: Clip, channel: Channel, n_src: int) -> Samples | None:
    """Read the true sources ``[source, sample]`` of ``clip``; None if there are none.

    They are taken from the channel that is separated; a mono file serves any channel.

    Raises:
        AudioError: one can't be used, or its rate or length is not the recording's.
        OptionError: their number is not the model's, the channels are kept apart, or the scoring
            library is missing.
    """
    if not references:
        return None
    require_scorer()
    if channel == "each":
        raise OptionError(
            "channel: found each together with references, expected mix or the number of one channel"
        )
    if len(references) != n_src:
        raise OptionError(f"references: found {len(references)}, expected {n_src}, one per source of the model")
    return np.concatenate([_read_reference(Path(path), clip, channel) for path in references])


def _read_reference(path: Path, clip: Clip, channel: Channel) -> Samples:
    """Read one true source ``[1, sample]``."""
    reference = read_clip(path)
    if reference.sample_rate_hz != clip.sample_rate_hz:
        raise AudioError(
            f"{path}: found a rate of {reference.sample_rate_hz} Hz, expected the recording's "
            f"{clip.sample_rate_hz} Hz ({clip.path}); resample it"
        )
    if reference.length != clip.length:
        raise AudioError(
            f"{path}: found {reference.length} samples, expected the recording's {clip.length} ({clip.path}); "
            "cut both alike"
        )
    return choose_channels(reference, "mix" if len(reference.samples) == 1 else channel)
