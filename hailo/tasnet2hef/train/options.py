"""Options of ``freeze`` and ``distil``, without torch: the command line takes its defaults from here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.target.known import DEFAULT_CHIP, load_chip

NORMS: Final = ("frozen", "cLN")
EDGES: Final = ("moved", "kept")


@dataclass(frozen=True, kw_only=True)
class SpeechOptions:
    """How much speech is read and held out, the chip, and settings that the checkpoint does not contain."""

    seconds: float = 4.0
    """Length of a clip; norms over the clip were trained with clips of some length."""
    hours: float = 10.0
    """Most speech that is read into memory."""
    test_clips: int = 60
    validation_clips: int = 24
    hardware: str = DEFAULT_CHIP
    settings: Mapping[str, object] = field(default_factory=dict)
    assume: bool = False
    """Take the family's defaults for what decides the numbers and is stored nowhere."""
    speakers: str = ""
    """What tells speakers apart: ``folders``, ``files``, ``one`` or a pattern; empty: names (`audio.speakers`)."""
    any_data: bool = False
    """Go on although the original does not separate this speech."""

    def __post_init__(self) -> None:
        """Refuse values out of range, and an unknown chip."""
        _require_positive(self, "seconds", "hours", "test_clips", "validation_clips", finite=True)
        load_chip(self.hardware)


@dataclass(frozen=True, kw_only=True)
class FreezeOptions:
    """How constants are fitted."""

    clips: int = 64
    """Mixtures that the constants are fitted to."""
    edges: str = "moved"
    """Where the bias before a depthwise convolution is put; see ``freeze``."""


@dataclass(frozen=True)
class Variant:
    """How a student differs from its teacher.

    Raises:
        OptionError: the norm is neither ``frozen`` nor ``cLN``.
    """

    norm: str = "frozen"
    causal: bool = False
    hid_chan: int | None = None
    """Hidden channels of a block; None: as many as the teacher has."""
    edges: str = FreezeOptions.edges

    def __post_init__(self) -> None:
        """Validate; see the class."""
        if self.norm not in NORMS:
            raise OptionError(f"norm: found {self.norm!r}, expected {' or '.join(NORMS)}")

    def spec(self, teacher: TasNetSpec) -> TasNetSpec:
        """Return the student's architecture.

        Raises:
            OptionError: there are more hidden channels than the teacher has, or cLN can't take over its norms.
        """
        without_gains = sorted({"bN", "identity"} & set(teacher.norms))
        if self.norm == "cLN" and without_gains:
            raise OptionError(
                f"norm: found cLN for a net with {' and '.join(without_gains)} norms, whose gains are not those "
                "of a layer norm, expected frozen"
            )
        hidden = self.hid_chan or teacher.hid_chan
        if hidden > teacher.hid_chan:
            raise OptionError(
                f"hid-chan: found {hidden}, expected at most the teacher's {teacher.hid_chan}; channels are only "
                "removed"
            )
        norm = "bN" if self.norm == "frozen" else "cLN"
        return replace(
            teacher,
            norm_type=norm,
            bottleneck_norm="",
            depthwise_norm="",
            conv_padding="zeros",
            causal=self.causal or teacher.causal,
            hid_chan=hidden,
        )


@dataclass(frozen=True, kw_only=True)
class DistilOptions:
    """How a student is built and trained."""

    variant: Variant = field(default_factory=Variant)
    steps: int = 20_000
    batch: int = 4
    rate: float = 5e-4
    """Peak learning rate."""
    truth: float = 0.5
    """Weight of the true sources, 0 to 1, where they are known."""
    noise_bits: int | None = None
    validate_every: int = 250
    patience: int | None = 20
    seed: int = 1
    device: str = "cpu"
    compiled: bool = False
    minutes: float = math.inf
    fresh: bool = False

    def __post_init__(self) -> None:
        """Refuse values out of range, and a device that torch can't use."""
        if not 0 <= self.truth <= 1:
            raise OptionError(f"truth: found {self.truth}, expected a weight from 0 to 1")
        if self.noise_bits is not None and not 2 <= self.noise_bits <= 16:
            raise OptionError(f"noise-bits: found {self.noise_bits}, expected 2 to 16")
        _require_positive(self, "steps", "batch", "rate", "validate_every", "minutes")
        require_device(self.device)


def require_device(name: str) -> None:
    """Check that torch can use a device.

    Raises:
        OptionError: it does not.
    """
    import torch

    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError) as error:  # AssertionError: a torch without CUDA
        reason = str(error).splitlines()[0]
        raise OptionError(f"device: found {name!r}, which torch can't use ({reason}); give cpu or cuda") from error


def _require_positive(options: object, *names: str, finite: bool = False) -> None:
    """Check that options are more than 0, which NaN is not, and finite where required."""
    for name in names:
        value = getattr(options, name)
        if not value > 0 or (finite and value == math.inf):
            expected = "a finite number, more than 0" if finite else "more than 0"
            raise OptionError(f"{name.replace('_', '-')}: found {value}, expected {expected}")
