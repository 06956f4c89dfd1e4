"""Without the compiler: the files to copy to a machine that has it, and the command to run there."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasnet2hef.compiler.bundle import BUNDLE_FOLDER, LAYERS_NAME, write_bundle
from tasnet2hef.compiler.inputs import CompileInputs
from tasnet2hef.compiler.options import CompileOptions


@dataclass(frozen=True)
class HandOver:
    """The files for the machine that has the compiler, all of them in ``bundle``, and the command to run there."""

    bundle: Path
    model: Path
    calibration: Path
    predicted_layers: Path
    script: Path | None
    command: str

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "bundle": str(self.bundle),
            "model": str(self.model),
            "calibration": str(self.calibration),
            "predicted_layers": str(self.predicted_layers),
            "script": None if self.script is None else str(self.script),
            "command": self.command,
        }


def hand_over(folder: Path, inputs: CompileInputs, options: CompileOptions) -> HandOver:
    """Write the bundle, and return its files and the command; nothing is compiled."""
    bundle = write_bundle(folder / BUNDLE_FOLDER, inputs, options)
    output = options.hef(inputs.model).resolve()
    script = None if options.script is None else options.script.resolve()
    command = shlex.join(["python", "hailo/onnx_to_hef.py", str(bundle), "-o", str(output)])
    return HandOver(bundle, inputs.model, inputs.calibration, bundle / LAYERS_NAME, script, command)
