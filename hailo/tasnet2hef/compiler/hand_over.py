"""Without the compiler: the files to copy to a machine that has it, and the commands that finish the job there."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tasnet2hef.compiler.bundle import BUNDLE_FOLDER, COMMAND_NAME, LAYERS_NAME, write_bundle
from tasnet2hef.compiler.inputs import CompileInputs
from tasnet2hef.compiler.options import CompileOptions

HOST: Final = "HOST"
VENDORS_WHEEL: Final = "PATH_OF_THE_VENDORS_WHEEL"


@dataclass(frozen=True)
class HandOver:
    """The files for the machine that has the compiler, all of them in ``bundle``.

    ``is_copy``: the run was a bundle's own, which is where it was copied to.
    """

    bundle: Path
    model: Path
    calibration: Path
    predicted_layers: Path
    script: Path | None
    is_copy: bool

    def commands(self, place: str = BUNDLE_FOLDER) -> tuple[str, ...]:
        """Return the command that copies the bundle to ``place``, if it must be, and the one to run there."""
        if self.is_copy:
            return (f"sh {shlex.quote(as_typed(self.bundle / COMMAND_NAME))} {VENDORS_WHEEL}",)
        name = "" if place == self.bundle.name else shlex.quote(place)
        copy = f"scp -r {shlex.quote(as_typed(self.bundle))} {HOST}:{name}"
        return (copy, f"cd {shlex.quote(place)} && ./{COMMAND_NAME} {VENDORS_WHEEL}")

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "bundle": str(self.bundle),
            "model": str(self.model),
            "calibration": str(self.calibration),
            "predicted_layers": str(self.predicted_layers),
            "script": None if self.script is None else str(self.script),
            "commands": list(self.commands()),
        }


def hand_over(folder: Path, inputs: CompileInputs, options: CompileOptions) -> HandOver:
    """Write the bundle, unless the inputs are a bundle's, and return its files and the commands."""
    bundle = options.bundle or write_bundle(folder / BUNDLE_FOLDER, inputs, options)
    script = None if options.script is None else options.script.resolve()
    is_copy = options.bundle is not None
    return HandOver(bundle, inputs.model, inputs.calibration, bundle / LAYERS_NAME, script, is_copy)


def as_typed(path: Path) -> str:
    """Return a path as it can be typed in the current folder: relative for what is inside of it."""
    full, here = Path(os.path.abspath(path)), Path.cwd()
    return full.relative_to(here).as_posix() if full.is_relative_to(here) else str(full)
