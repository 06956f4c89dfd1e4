"""Opens the true sources against which separated ones are scored."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tasnet2hef.audio.files import Channel, ChosenChannels, Recording, choose_recorded, open_recording
from tasnet2hef.base.errors import AudioError, OptionError


def require_references(references: Sequence[str | Path], channel: Channel, n_src: int) -> None:
    """Check that a recording's sources can be scored against these.

    Raises:
        OptionError: their number is not the model's, or the channels are kept apart.
    """
    if references and channel == "each":
        raise OptionError(
            "channel: found each together with references, expected mix or the number of one channel"
        )
    if references and len(references) != n_src:
        raise OptionError(f"references: found {len(references)}, expected {n_src}, one per source of the model")


def open_references(
    references: Sequence[str | Path], recording: Recording, channel: Channel, length: int
) -> list[ChosenChannels]:
    """Open the true sources of ``recording``, which has ``length`` samples, and read through them once.

    They are taken from the channel that is separated; a mono file serves any channel.

    Raises:
        AudioError: one can't be used, or its rate or length is not the recording's.
    """
    truth = []
    for path in references:
        reference = open_recording(path)
        _require_rate(reference, recording)
        chosen = choose_recorded(reference, "mix" if reference.channels == 1 else channel)
        _require_length(reference.path, sum(block.shape[1] for block in chosen.blocks()), recording.path, length)
        truth.append(chosen)
    return truth


def _require_rate(reference: Recording, recording: Recording) -> None:
    if reference.sample_rate_hz != recording.sample_rate_hz:
        raise AudioError(
            f"{reference.path}: found a rate of {reference.sample_rate_hz} Hz, expected the recording's "
            f"{recording.sample_rate_hz} Hz ({recording.path}); resample it"
        )


def _require_length(path: Path, found: int, recording: Path, expected: int) -> None:
    if found != expected:
        raise AudioError(
            f"{path}: found {found} samples, expected the recording's {expected} ({recording}); cut both alike"
        )
