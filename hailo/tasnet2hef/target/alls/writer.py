"""Writes the model script (``.alls``) of a simulated model: each command with the reason for it as a comment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tasnet2hef.target.alls.parser import Statement

FULL_SET: Final = 1024
"""Fewest calibration windows with which the compiler fine-tunes (recorded)."""


@dataclass(frozen=True)
class ScriptLine:
    """One command, and the reason for it, which is written above it."""

    command: str
    why: str


@dataclass(frozen=True)
class LayerPrecision:
    """Layers that share a border, in the compiler's names, with their precision mode and why."""

    layers: tuple[str, ...]
    mode: str
    why: str


@dataclass(frozen=True)
class ScriptSettings:
    """What a script sets. ``percentile`` is None if ranges are not clipped."""

    model: str
    calibration_windows: int
    optimization_level: int | None = None
    percentile: float | None = None
    equalisation: bool = True
    bias_correction: bool = True
    fused_adds: bool = False
    precisions: Sequence[LayerPrecision] = field(default_factory=tuple)


@dataclass(frozen=True)
class ModelScript:
    """A script as text, with notes for the user."""

    text: str
    notes: tuple[str, ...] = ()


def script_lines(settings: ScriptSettings) -> list[ScriptLine]:
    """Return the commands for a simulated model; syntax as in the vendor's public model scripts."""
    windows = settings.calibration_windows
    level = settings.optimization_level
    if level is None:
        level = 2 if windows >= FULL_SET else 1
    lines = [
        ScriptLine(
            f"model_optimization_flavor(optimization_level={level}, compression_level=0)", _level_why(level)
        ),
        ScriptLine(
            f"model_optimization_config(calibration, batch_size={min(8, windows)}, calibset_size={windows})",
            f"the calibration set holds {windows} windows"
            + ("" if windows >= FULL_SET else f"; below {FULL_SET:,} the compiler drops its fine-tuning"),
        ),
        ScriptLine(
            f"pre_quantization_optimization(equalization, policy={_policy(settings.equalisation)})",
            f"channels that share one scale are balanced first: simulated {_with(settings.equalisation)}",
        ),
    ]
    if settings.fused_adds:
        lines.append(
            ScriptLine(
                "pre_quantization_optimization(ew_add_fusing, policy=enabled)",
                "an add is one layer, and one rounding, with the convolution before it: simulated so",
            )
        )
    if settings.percentile is not None:
        low, high = round(100 - settings.percentile, 6), settings.percentile
        lines.append(
            ScriptLine(
                "pre_quantization_optimization(activation_clipping, layers={*}, mode=percentile, "
                f"clipping_values=[{low:g}, {high:g}])",
                "the rarest values are clipped so that all others get finer codes: simulated so",
            )
        )
    lines.append(
        ScriptLine(
            f"post_quantization_optimization(bias_correction, policy={_policy(settings.bias_correction)})",
            f"takes back the mean that rounded weights shift: simulated {_with(settings.bias_correction)}",
        )
    )
    return [*lines, *(_precision_line(precision) for precision in settings.precisions)]


def write_script(settings: ScriptSettings) -> ModelScript:
    """Return the script of a simulated model."""
    head = [
        f"# Model script for {settings.model}, made by tasnet2hef simulate.",
        "# Layer names are predicted from the ONNX graph; they are checked again once the compiler has parsed it.",
    ]
    body = [part for line in script_lines(settings) for part in ("", f"# {line.why}", line.command)]
    return ModelScript("\n".join([*head, *body, ""]))


def statement_key(statement: Statement) -> tuple[str, ...]:
    """Return a key for what a statement sets: two statements with the same key are in conflict.

    >>> from tasnet2hef.target.alls.parser import parse_script
    >>> statement_key(parse_script("model_optimization_config(calibration, batch_size=2)")[0])
    ('model_optimization_config', 'calibration')
    """
    first = statement.positional[0].text if statement.positional else ""
    return (statement.command, first)


def _level_why(level: int) -> str:
    reasons: Mapping[int, str] = {
        0: "equalisation only",
        1: "equalisation and iterative bias correction",
        2: "equalisation and fine-tuning: 4 epochs over 1,024 windows; compare with level 1, it can be worse",
    }
    return f"level {level}: {reasons.get(level, 'equalisation and AdaRound, for hours')}"


def _precision_line(precision: LayerPrecision) -> ScriptLine:
    names = ", ".join(precision.layers)
    target = names if len(precision.layers) == 1 else f"[{names}]"
    return ScriptLine(f"quantization_param({target}, precision_mode={precision.mode})", precision.why)


def _policy(enabled: bool) -> str:
    return "enabled" if enabled else "disabled"


def _with(enabled: bool) -> str:
    return "with it" if enabled else "without it"
