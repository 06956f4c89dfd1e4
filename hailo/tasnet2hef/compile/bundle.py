"""A run's inputs in one folder, to be taken to the machine that has the compiler and checked on arrival."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tasnet2hef.compile.inputs import CompileInputs
from tasnet2hef.compile.run_record import digest_of_file
from tasnet2hef.compile.stage_job import write_json
from tasnet2hef.errors import OptionError
from tasnet2hef.files import written_beside
from tasnet2hef.version import __version__

BUNDLE_NAME: Final = "bundle.json"
CALIBRATION_NAME: Final = "calibration.npz"
SCRIPT_NAME: Final = "model_script.alls"
LAYERS_NAME: Final = "predicted_layers.json"
COMMAND_NAME: Final = "compile.sh"


@dataclass(frozen=True)
class Bundle:
    """What a bundle holds: the files of a run, and its chip."""

    model: Path
    calibration: Path
    script: Path | None
    hardware: str


def write_bundle(folder: Path, inputs: CompileInputs, hardware: str, *, force: bool) -> Path:
    """Copy a run's inputs with checksums, the predicted layers and a script of one line; return the folder."""
    home = inputs.model_files[0].parent
    sources = {path.relative_to(home).as_posix(): path for path in inputs.model_files}
    sources[CALIBRATION_NAME] = inputs.calibration
    for name, source in sources.items():
        with written_beside(folder / name) as part:
            shutil.copyfile(source, part)
    if inputs.script:
        with written_beside(folder / SCRIPT_NAME) as part:
            part.write_text(inputs.script, encoding="utf-8")
    write_json(folder / LAYERS_NAME, inputs.report.net.to_json())
    with written_beside(folder / COMMAND_NAME) as part:
        part.write_text(f'#!/bin/sh\ntasnet2hef compile "$(dirname "$0")"{" --force" if force else ""} "$@"\n')
    names = [*sources, *([SCRIPT_NAME] if inputs.script else []), LAYERS_NAME]
    described = {
        "tasnet2hef": __version__,
        "model": inputs.model.name,
        "script": SCRIPT_NAME if inputs.script else "",
        "hardware": hardware,
        "sha256": {name: digest_of_file(folder / name) for name in names},
    }
    write_json(folder / BUNDLE_NAME, described)
    return folder


def read_bundle(folder: Path) -> Bundle:
    """Read a bundle, and check that every file arrived as it left.

    Raises:
        OptionError: it is no bundle, or a file is missing or altered.
    """
    try:
        found: dict[str, Any] = json.loads((folder / BUNDLE_NAME).read_text(encoding="utf-8"))
        model, script, hardware = folder / found["model"], found["script"], str(found["hardware"])
        digests = dict(found["sha256"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise OptionError(
            f"{folder}: not a bundle ({error}); give an ONNX file, or a run's bundle folder"
        ) from error
    for name, digest in digests.items():
        path = folder / name
        if not path.is_file() or digest_of_file(path) != digest:
            raise OptionError(
                f"{path}: missing or altered, expected SHA-256 {digest}; take the bundle along again"
            )
    return Bundle(model, folder / CALIBRATION_NAME, folder / SCRIPT_NAME if script else None, hardware)
