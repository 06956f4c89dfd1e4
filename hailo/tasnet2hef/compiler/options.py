"""The options of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.host import memory_bytes
from tasnet2hef.compiler.fallbacks import ATTEMPTS
from tasnet2hef.target.known import DEFAULT_CHIP

DEFAULT_MINUTES: Final[Mapping[str, float]] = {
    "versions": 5.0,
    "translate": 30.0,
    "optimize": 240.0,
    "emulate": 60.0,
    "compile": 360.0,
    "total": 1440.0,
}
"""The stages' time limits. The search for a single context may take an hour, and a net has several (recorded,
3.33); the total is a day."""
MEMORY_SHARE: Final = 0.9
_MINUTE: Final = 60.0


@dataclass(frozen=True)
class CompileOptions:
    """A run's options; ``minutes`` are limits by stage, and ``total``."""

    hardware: str = DEFAULT_CHIP
    script: Path | None = None
    output: Path | None = None
    force: bool = False
    """Continue although ``check`` found errors."""
    replace: bool = False
    """Replace files that another run, or the user, made; a bundle never asks for it."""
    python: str = ""
    """Interpreter of the compiler's environment; empty for this one."""
    minutes: Mapping[str, float] = field(default_factory=lambda: DEFAULT_MINUTES)
    attempts: int = ATTEMPTS
    memory_limit_bytes: int = 0
    """Memory that a stage may use; 0 for nine tenths of the machine's."""
    checkpoint: str = ""
    """What the graph was exported from, for the commands in explanations; empty where that is not known."""
    bundle: Path | None = None
    """The bundle that the inputs come from; None where they are a user's own files."""

    def hef(self, model: Path) -> Path:
        """Return the path of the HEF: beside the graph, but in the current folder for a bundle's.

        >>> CompileOptions().hef(Path("build/my_model.onnx")).as_posix()
        'build/my_model.hef'
        >>> CompileOptions(bundle=Path("bundle")).hef(Path("bundle/my_model.onnx")).as_posix()
        'my_model.hef'
        """
        beside = model.with_suffix(".hef")
        return self.output or (beside if self.bundle is None else Path(beside.name))

    def folder(self, model: Path) -> Path:
        """Return the run's own folder, beside the HEF."""
        hef = self.hef(model)
        return hef.with_name(f"{hef.stem}.run")

    def seconds(self) -> dict[str, float]:
        """Return the limits in seconds."""
        return {stage: value * _MINUTE for stage, value in {**DEFAULT_MINUTES, **self.minutes}.items()}

    def memory(self) -> int:
        """Return the memory limit in bytes."""
        return self.memory_limit_bytes or int(MEMORY_SHARE * memory_bytes())


def read_minutes(settings: Sequence[str], limits: Mapping[str, float] = DEFAULT_MINUTES) -> dict[str, float]:
    """Return ``limits`` with those that `--timeout` options replace.

    >>> read_minutes(["compile=90"])["compile"]
    90.0
    """
    result = {**DEFAULT_MINUTES, **limits}
    for setting in settings:
        stage, _, text = setting.partition("=")
        try:
            minutes = float(text)
        except ValueError:
            minutes = 0.0
        if stage not in DEFAULT_MINUTES or not 0 < minutes < float("inf"):
            raise OptionError(
                f"--timeout: found {setting!r}, expected STAGE=MINUTES, STAGE one of {', '.join(DEFAULT_MINUTES)}"
            )
        result[stage] = minutes
    return result
