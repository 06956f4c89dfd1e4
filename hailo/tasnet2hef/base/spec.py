"""TasNetSpec: everything about a Conv-TasNet that is not a weight."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.records import shown

NORMS: Final = ("gLN", "fgLN", "cLN", "cgLN", "bN", "identity")
ACTIVATIONS: Final = ("linear", "relu", "prelu", "leaky_relu", "sigmoid", "softmax", "tanh", "gelu", "swish")
SOFTMAX_AXES: Final = ("sources", "features", "all")
CONV_PADDINGS: Final = ("zeros", "reflect")
ALIGNMENTS: Final = ("none", "stride", "window", "centred")

# Asteroid accepts both spellings (asteroid/masknn/norms.py); "BN" is what its docstring says.
NORM_ALIASES: Final = {
    "GlobLN": "gLN",
    "FeatsGlobLN": "fgLN",
    "ChanLN": "cLN",
    "CumLN": "cgLN",
    "BatchNorm": "bN",
    "BN": "bN",
}

NOT_ASTEROID: Final = frozenset(
    {
        "encoder_padding",
        "encoder_bias",
        "decoder_bias",
        "bottleneck_norm",
        "depthwise_norm",
        "norm_eps",
        "bottleneck_norm_eps",
        "mask_input_act",
        "softmax_over",
        "conv_padding",
        "audio_channels",
        "alignment",
    }
)
"""Options that Asteroid's class lacks: only at their defaults is a net one that Asteroid can build."""

LEAST_RATE, MOST_RATE = 1000, 384_000
_POSITIVE: Final = {
    "n_src": 5,
    "sample_rate": MOST_RATE,
    "n_filters": 65_536,
    "kernel_size": 65_536,
    "stride": 65_536,
    "bn_chan": 65_536,
    "hid_chan": 65_536,
    "conv_kernel_size": 1024,
    "n_blocks": 16,
    "n_repeats": 128,
    "out_chan": 65_536,
    "audio_channels": 64,
}
"""Whole numbers from 1, and the most of each: far beyond any net, and no work in Python before a net is built."""
_FROM_ZERO: Final = {"skip_chan": 65_536, "encoder_padding": 65_536}
_LONGEST_TEXT: Final = 200


def _canonical(options: dict[str, Any]) -> dict[str, Any]:
    """Fill the defaults that depend on other options, and normalise the spelling of every value."""
    norm = options.get("norm_type")
    if isinstance(norm, str):
        options["norm_type"] = NORM_ALIASES.get(norm, norm)
    if options.get("encoder_activation") is None:
        options["encoder_activation"] = "linear"
    if options.get("skip_chan") is None:
        options["skip_chan"] = 0
    if not options.get("out_chan"):
        options["out_chan"] = options.get("n_filters")
    if not options.get("stride"):
        options["stride"] = int(options.get("kernel_size") or 0) // 2
    return options


class Norms(NamedTuple):
    """Names of the normalisations at their three places."""

    bottleneck: str
    expand: str
    """After a block's first 1x1 convolution."""
    depthwise: str
    """After its depthwise convolution."""


@dataclass(frozen=True, kw_only=True)
class TasNetSpec:
    """The architecture of one Conv-TasNet, with Asteroid's names and meanings.

    Source: Luo and Mesgarani, "Conv-TasNet", TASLP 2019, Table I (symbols in brackets), and
    ``asteroid/models/conv_tasnet.py`` (0.7.0). Validated on creation.

    Raises:
        OptionError: a value has the wrong type or range, or two values contradict each other.

    >>> TasNetSpec(n_src=2).receptive_field_frames
    1531
    >>> TasNetSpec(n_src=2).dilations[:8]
    (1, 2, 4, 8, 16, 32, 64, 128)
    """

    n_src: int
    """Sources in a mixture [C], 1 to 5."""
    sample_rate: int = 8000
    """Rate of the audio the net was trained on, in Hz."""
    fb_name: str = "free"
    """Filterbank family that the filters came from; the filters themselves are weights."""
    n_filters: int = 512
    """Encoder basis functions [N], which are also the features that are masked."""
    kernel_size: int = 16
    """Length of a basis function in samples [L]."""
    stride: int = 8
    """Samples from one frame to the next."""
    encoder_activation: str = "linear"
    """Activation of the encoder's output."""
    encoder_padding: int = 0
    """Zeros the original puts before and after the clip, in samples (torchaudio: the stride; Asteroid: 0)."""
    bn_chan: int = 128
    """Channels of the bottleneck and of the residual stream [B]."""
    hid_chan: int = 512
    """Channels inside a TCN block [H]."""
    skip_chan: int = 128
    """Channels of the skip sum [Sc]; 0: no skip path, masks come from the residual stream."""
    conv_kernel_size: int = 3
    """Taps of a depthwise convolution [P]."""
    n_blocks: int = 8
    """TCN blocks in a repeat [X]; block x has dilation 2**x."""
    n_repeats: int = 3
    """Repeats of the stack of blocks [R]."""
    norm_type: str = "gLN"
    """Normalisation: gLN, fgLN (per channel over frames), cLN (per frame), cgLN (cumulative), bN."""
    mask_act: str = "sigmoid"
    """Activation of the masks."""
    out_chan: int = 512
    """Features of a mask: ``n_filters``, or 1 for one mask value per frame."""
    causal: bool = False
    """Depthwise convolutions see the past only."""
    encoder_bias: bool = False
    """The encoder adds a bias to each feature, before its activation."""
    decoder_bias: bool = False
    """The decoder adds one bias to every sample."""
    bottleneck_norm: str = ""
    """Normalisation before the bottleneck; empty: ``norm_type``."""
    depthwise_norm: str = ""
    """Normalisation after the depthwise convolutions; empty: ``norm_type``."""
    norm_eps: float = 1e-8
    """What the layer norms add to the variance. Batch norms keep 1e-5, torch's default."""
    bottleneck_norm_eps: float = 0.0
    """The same before the bottleneck; 0: ``norm_eps``."""
    mask_input_act: str = "prelu"
    """Activation before the mask convolution."""
    softmax_over: str = "sources"
    """What a softmax mask adds up to one over: sources, the features of a source, or all of both."""
    conv_padding: Literal["zeros", "reflect"] = "zeros"
    """How depthwise convolutions of a net that is not causal pad: with zeros, or by reflection."""
    audio_channels: int = 1
    """Channels of the recordings it separates. Their samples are interleaved to one signal, of which kernel,
    stride and padding count the values: a net over several channels is exactly a net over that signal."""
    alignment: str = ""
    """How a clip is extended to whole frames, see ``clip_padding``; empty: none, stride with encoder_padding."""

    def __post_init__(self) -> None:
        """Validate; see the class."""
        for name in (*_POSITIVE, *_FROM_ZERO):
            require_int(name, getattr(self, name), at_least=0 if name in _FROM_ZERO else 1)
        require_text("fb_name", self.fb_name)
        require_choice("norm_type", self.norm_type, NORMS)
        require_choice("mask_act", self.mask_act, ACTIVATIONS)
        require_choice("encoder_activation", self.encoder_activation, ACTIVATIONS)
        require_choice(
            "mask_input_act", self.mask_input_act, tuple(act for act in ACTIVATIONS if act != "softmax")
        )
        for name in ("bottleneck_norm", "depthwise_norm"):
            require_choice(name, getattr(self, name) or self.norm_type, NORMS)
        require_choice("softmax_over", self.softmax_over, SOFTMAX_AXES)
        require_choice("conv_padding", self.conv_padding, CONV_PADDINGS)
        require_choice("alignment", self.alignment or "none", ALIGNMENTS)
        for name in ("causal", "encoder_bias", "decoder_bias"):
            require_bool(name, getattr(self, name))
        for name, least in (("norm_eps", 1e-16), ("bottleneck_norm_eps", 0.0)):
            require_number(name, getattr(self, name), least, 1)
        self._check_combinations()

    def _check_combinations(self) -> None:
        if self.n_src > 5:
            raise OptionError(f"n_src: found {self.n_src}, expected 1 to 5 sources")
        for name in ("kernel_size", "stride", "encoder_padding"):
            if getattr(self, name) % self.audio_channels:
                raise OptionError(
                    f"{name}: found {getattr(self, name)} values, expected a multiple of the "
                    f"{self.audio_channels} channels (audio_channels) that are interleaved in them"
                )
        if self.n_blocks > 16:
            raise OptionError(
                f"n_blocks: found {self.n_blocks}, expected at most 16 (dilation 2**15 = 32768 frames)"
            )
        if not LEAST_RATE <= self.sample_rate <= MOST_RATE:
            raise OptionError(f"sample_rate: found {self.sample_rate}, expected {LEAST_RATE} to {MOST_RATE} Hz")
        for name, most in (_POSITIVE | _FROM_ZERO).items():
            if getattr(self, name) > most:
                raise OptionError(f"{name}: found {shown(getattr(self, name))}, expected at most {most:,}")
        if self.encoder_padding > self.kernel_size:
            raise OptionError(
                f"encoder_padding: found {self.encoder_padding}, expected at most the kernel of "
                f"{self.kernel_size} samples: a longer one adds frames that hold no sound"
            )
        if self.stride > self.kernel_size:
            raise OptionError(
                f"stride: found {self.stride}, expected at most the kernel of {self.kernel_size} samples; "
                "a longer stride leaves samples that no frame sees"
            )
        if self.out_chan not in (1, self.n_filters):
            raise OptionError(
                f"out_chan: found {self.out_chan}, expected {self.n_filters} (= n_filters) or 1; "
                "no other mask fits the encoder's features"
            )
        if not self.causal and self.conv_kernel_size % 2 == 0:
            raise OptionError(
                f"conv_kernel_size: found {self.conv_kernel_size}, expected an odd number: an even kernel loses "
                "a frame in a non-causal net, and the original can't run either"
            )
        if self.causal and self.conv_kernel_size == 1:
            raise OptionError("conv_kernel_size: found 1 in a causal net; the original's chop empties the tensor")
        if self.encoder_activation == "softmax":
            raise OptionError("encoder_activation: softmax has no axis in the original; retrain with another one")
        if self.causal and self.conv_padding != "zeros":
            raise OptionError(f"conv_padding: found {self.conv_padding} in a causal net, expected zeros")

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> TasNetSpec:
        """Make a spec from Asteroid-style options: None and aliases are resolved, unknown names refused.

        >>> TasNetSpec.from_options({"n_src": 2, "norm_type": "GlobLN", "skip_chan": None}).skip_chan
        0
        """
        known = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(set(options) - known)
        if unknown:
            raise OptionError(f"unknown option {unknown[0]!r}; known: {', '.join(sorted(known))}")
        if "n_src" not in options:
            raise OptionError("n_src: missing; give the number of sources, for example n_src=2")
        defaults = {field.name: field.default for field in dataclasses.fields(cls) if field.name != "n_src"}
        if "out_chan" not in options:
            defaults["out_chan"] = None
        if "stride" not in options:
            defaults["stride"] = None
        return cls(**_canonical({**defaults, **options}))

    def as_dict(self) -> dict[str, Any]:
        """Return the spec as plain JSON values."""
        return dataclasses.asdict(self)

    @property
    def dilations(self) -> tuple[int, ...]:
        """Dilation of every TCN block, in frames."""
        return tuple(2**x for x in range(self.n_blocks)) * self.n_repeats

    @property
    def receptive_field_frames(self) -> int:
        """Frames that one output frame depends on, norms left aside: 1 + R * sum(d) * (P - 1)."""
        return 1 + sum(self.dilations) * (self.conv_kernel_size - 1)

    @property
    def norms(self) -> Norms:
        """The normalisations at their three places."""
        return Norms(self.bottleneck_norm or self.norm_type, self.norm_type, self.depthwise_norm or self.norm_type)

    @property
    def values_per_second(self) -> int:
        """Values of the signal in a second: the rate times the channels."""
        return self.sample_rate * self.audio_channels

    @property
    def phases(self) -> int:
        """Rows of ``stride`` samples that a basis function covers: m = ceil(K / S)."""
        return math.ceil(self.kernel_size / self.stride)

    def clip_padding(self, samples: int) -> tuple[int, int]:
        """Return the zeros that the original puts before and after a clip of ``samples`` samples, in samples.

        By ``alignment``, and ``encoder_padding`` zeros on both sides besides:

        - ``none``: nothing; a tail too short for a frame is not seen (Asteroid and most others).
        - ``stride``: to whole strides, plus the odd sample of an odd kernel, at the end (torchaudio,
          ``_align_num_frames_with_strides`` in ``torchaudio/models/conv_tasnet.py``).
        - ``window``: at the end, by 1 to ``kernel_size`` samples, so that stride and clip together are followed by
          a whole kernel (``pad_signal`` in ``conv_tasnet.py`` of naplab/Conv-TasNet).
        - ``centred``: to whole strides, half of it at each end (tky823/DNN-based_source_separation).

        >>> TasNetSpec(n_src=2, encoder_padding=8).clip_padding(1001)
        (8, 15)
        """
        edge = self.encoder_padding
        alignment = self.alignment or ("stride" if edge else "none")
        if alignment == "stride":
            return edge, edge + (self.kernel_size % 2 - samples) % self.stride
        if alignment == "window":
            return edge, edge + self.kernel_size - (self.stride + samples % self.kernel_size) % self.kernel_size
        if alignment == "centred":
            missing = (self.kernel_size - samples) % self.stride
            return edge + missing // 2, edge + missing - missing // 2
        return edge, edge

    def frames_of(self, samples: int) -> int:
        """Return the frames that the original makes of a clip of ``samples`` samples; 0 if it is too short.

        >>> TasNetSpec(n_src=2).frames_of(16000)
        1999
        """
        length = samples + sum(self.clip_padding(samples))
        return max(0, (length - self.kernel_size) // self.stride + 1)

    def window_samples(self, frames: int) -> int:
        """Return the samples of the clip that fills a window of ``frames`` frames; 0 if no clip makes that many.

        >>> TasNetSpec(n_src=2).window_samples(1999)
        16000
        >>> naplab = TasNetSpec(n_src=2, encoder_padding=8, alignment="window")
        >>> naplab.window_samples(2000), naplab.window_samples(2001)
        (15984, 0)
        """
        longest = (frames - 1) * self.stride + self.kernel_size - 2 * self.encoder_padding
        shorter = range(longest, max(0, longest - 2 * self.kernel_size), -self.stride)
        return next((samples for samples in shorter if self.frames_of(samples) == frames), 0)


def require_number(name: str, value: object, least: float, most: float) -> None:
    """Check a field of a record; raise OptionError for another type, NaN, or a number out of range."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise OptionError(f"{name}: found {shown(value)}, expected a number from {least:g} to {most:g}")


def require_int(name: str, value: object, *, at_least: int) -> None:
    """Check a field of a record; raise OptionError for another type, or a smaller number."""
    if isinstance(value, bool) or not isinstance(value, int) or value < at_least:
        raise OptionError(f"{name}: found {shown(value)}, expected a whole number of at least {at_least}")


def require_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    """Check a field of a record; raise OptionError for another value."""
    if value not in choices:
        raise OptionError(f"{name}: found {shown(value)}, expected one of {', '.join(choices)}")


def require_bool(name: str, value: object) -> None:
    """Check a field of a record; raise OptionError for another type."""
    if not isinstance(value, bool):
        raise OptionError(f"{name}: found {shown(value)}, expected true or false")


def require_text(name: str, value: object) -> None:
    """Check a field of a record; raise OptionError for another type, or more than a name."""
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise OptionError(f"{name}: found {shown(value)}, expected a text of at most {_LONGEST_TEXT} letters")
