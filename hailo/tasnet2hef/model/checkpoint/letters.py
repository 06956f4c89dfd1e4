"""Options under the names that most other implementations share: the paper's letters, and words for mask and norm.

Source of the letters: Luo and Mesgarani, "Conv-TasNet", TASLP 2019, Table I. Names: the constructors of kaituoxu,
Demucs v2, Clarity, ESPnet, SpeechBrain, JusperLee, funcwj, aps and torchaudio.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from torch import Tensor

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.base.spec import ACTIVATIONS, LEAST_RATE, MOST_RATE
from tasnet2hef.model.checkpoint.stored import INPUT_LEVEL, Choice, FoundWeights, Metadata, Read, Recorded

MASK_QUESTION: Final = (
    Choice("sigmoid", "the default of Asteroid's and torchaudio's classes"),
    Choice("relu", "Asteroid's recipes, torchaudio's conv_tasnet_base"),
)
RELU: Final = Choice("relu", "the default")
RELU_OR_SOFTMAX: Final = (RELU, Choice("softmax", ""))
SIGMOID_OR_SOFTMAX: Final = (Choice("sigmoid", "the default"), Choice("softmax", "over all features"))
RELU_OR_SIGMOID: Final = (RELU, Choice("sigmoid", ""))
RELU_SIGMOID_SOFTMAX: Final = (RELU, Choice("sigmoid", ""), Choice("softmax", ""))
NOT_CAUSAL: Final = Choice(value=False, hint="the class's default")

_LETTERS: Final = {
    "N": "n_filters",
    "L": "kernel_size",
    "B": "bn_chan",
    "H": "hid_chan",
    "P": "conv_kernel_size",
    "X": "n_blocks",
    "R": "n_repeats",
    "C": "n_src",
}
RATES: Final = ("sample_rate", "samplerate", "sampling_rate", "fs", "sr")
_WORDS: Final = {
    "n_src": ("num_spks", "num_spk", "num_sources", "num_speakers", "n_sources"),
    "sample_rate": RATES,
    "norm_type": ("norm_type", "norm"),
    "mask_act": (
        "mask_nonlinear",
        "mask_nonlinearity",
        "non_linear",
        "nonlinear",
        "activate",
        "msk_activate",
        "mask_act",
    ),
    "causal": ("causal", "causal_conv"),
    "n_blocks": ("msk_num_layers", "layer"),
    "n_repeats": ("msk_num_stacks", "stack"),
}
_MOST_SOURCES = 5
_CUMULATIVE: Final = ("cgLN", "CumLN")
_NORMS: Final = {"gln": "gLN", "cln": "cLN", "bn": "bN", "gn": "gLN", "in": "fgLN", "id": "identity"}


def recorded_options(
    metadata: Iterable[Metadata],
    words: Iterable[str] = _WORDS,
    without: Iterable[str] = (),
    sizes: Mapping[str, str] | None = None,
) -> Recorded:
    """Return the options in a file's metadata; the nearest count.

    ``words`` limits the options that are read by word: a project may give one of them another meaning. ``without``
    leaves options out. ``sizes`` are the project's own words for sizes.
    """
    read = [
        (entry, {**_sizes_in(entry.values, sizes or {}), **_options_in(entry.values, words)}) for entry in metadata
    ]
    return merged([(entry, {k: v for k, v in options.items() if k not in without}) for entry, options in read])


def _sizes_in(values: Mapping[str, object], words: Mapping[str, str]) -> dict[str, object]:
    """Return the sizes that a project names by words of its own."""
    read = {option: _as_ours(option, values.get(word)) for word, option in words.items()}
    return {option: value for option, value in read.items() if value is not None}


def merged(read: Read) -> Recorded:
    """Merge the options of several places, of which the first counts."""
    options: dict[str, object] = {}
    places: list[str] = []
    for entry, values in read:
        new = {name: value for name, value in values.items() if name not in options}
        options |= new
        places += [entry.place] if new and entry.place not in places else []
    return Recorded(options, " and ".join(places) or "the file", read)


def _options_in(values: Mapping[str, object], words: Iterable[str]) -> dict[str, object]:
    has_letters = sum(isinstance(values.get(letter), int) for letter in _LETTERS) >= 3
    letters = {name: _as_ours(name, values.get(letter)) for letter, name in _LETTERS.items() if has_letters}
    options = {name: value for name, value in letters.items() if value is not None}
    for option in words:
        read = (_as_ours(option, values[name]) for name in _WORDS[option] if name in values)
        value = next((value for value in read if value is not None), None)
        if value is not None:
            options.setdefault(option, value)
    return {name: value for name, value in options.items() if value is not None}


def _as_ours(option: str, value: object) -> object:
    """Return a value in our terms; None for one of another type, whose word means something else there."""
    if option in ("norm_type", "mask_act"):
        word = value.lower() if isinstance(value, str) else ""
        return _NORMS.get(word) if option == "norm_type" else (word if word in ACTIVATIONS else None)
    if option == "causal":
        return value if isinstance(value, bool) else None
    if option == "sample_rate":
        return rate_in_hz(value)
    if option == "n_src" and isinstance(value, int) and value > _MOST_SOURCES:
        return None  # the speakers of a corpus
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31 else None


def in_lower_case(value: object) -> object:
    """Return a word in lower case, as activations are named here; anything else as it is."""
    return value.lower() if isinstance(value, str) else value


def rate_in_hz(value: object) -> int | None:
    """Read a rate; ESPnet writes 8k, and YAML 1.1 takes 1.6e4 for text. None for what is none."""
    if isinstance(value, str) and (match := re.fullmatch(r"(\d{1,6}(?:\.\d{0,9})?(?:[eE][1-6])?)([kK]?)", value)):
        value = float(match[1]) * (1000 if match[2] else 1)
    is_rate = isinstance(value, (int, float)) and LEAST_RATE <= value <= MOST_RATE
    return int(value) if is_rate else None  # type: ignore[call-overload]


def is_said_causal(found: FoundWeights, recorded: Recorded) -> bool:
    """Return what the user says, else the file; not causal, the classes' default, if neither does."""
    return bool(found.settings.get("causal", recorded.options.get("causal", False)))


def norm_of_gain(gain: Tensor | None) -> str:
    """Return the norm that a gain belongs to where a gLN's has two axes and a cLN's one."""
    return "gLN" if gain is not None and gain.ndim == 2 else "cLN"


def assumed_norm(*, causal: bool) -> Choice:
    """Return the norm that a net has if nothing says it: one that suits its direction."""
    if causal:
        return Choice("cLN", "a causal net's usual norm; gLN has the same weights")
    return Choice("gLN", "the default; cLN and others have the same weights")


def require_one_channel(where: str, channels: int) -> None:
    """Refuse an encoder of several channels whose decoder gives one: microphones, not a recording's channels."""
    if channels != 1:
        raise CheckpointError(
            f"{where}: found an encoder for {channels} input channels, expected one channel; only nets that "
            "separate one channel, or that give as many as they take, can be exported"
        )


def require_cumulative(found: FoundWeights, name: str) -> None:
    """Refuse a net with cumulative norms unless the user knows: only ``freeze`` and ``distil`` can use it."""
    if found.settings.get("norm_type") not in _CUMULATIVE:
        raise CheckpointError(
            f"{found.where}: {name}: found cumulative norms (cgLN, a running mean over all past frames), which "
            "have no form on the chip; make them constant with `tasnet2hef freeze` and --set norm_type=cgLN, then "
            "convert the result"
        )


def interleaved(filters: Tensor) -> Tensor:
    """Turn filters over several channels ``[N, channel, K]`` into those over their interleaved samples."""
    return filters.transpose(1, 2).reshape(len(filters), 1, -1)


def require_channels(where: str, channels: int, settings: Mapping[str, object]) -> None:
    """Refuse a net over several channels unless the user says so: it needs such recordings everywhere."""
    if channels != 1 and settings.get("audio_channels") != channels:
        kind = "stereo" if channels == 2 else f"{channels} channels"
        raise CheckpointError(
            f"{where}: found an encoder for {channels} input channels ({kind}), expected one channel; give --set "
            f"audio_channels={channels} for a graph that separates recordings of {channels} channels together"
        )


def input_level(found: FoundWeights) -> float | None:
    """Read the level that ``freeze`` and ``distil`` leave among the infos."""
    level = next((r.values[INPUT_LEVEL] for r in found.metadata if r.values.get(INPUT_LEVEL) is not None), None)
    if level is None:
        return None
    if isinstance(level, bool) or not isinstance(level, (int, float)) or not -100 <= level <= 0:
        raise CheckpointError(
            f"{found.where}: {INPUT_LEVEL}: found {level!r}, expected -100 to 0 dBFS; save it again"
        )
    return float(level)
