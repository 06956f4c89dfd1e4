"""Copies a run's inputs into one folder for the machine that has the compiler, and verifies them there.

The folder runs by itself: it also holds this package's wheel, and the files of ``bundle_files``, of which
``compile.sh`` makes an environment and compiles.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Final

from annotated_types import Ge, Gt, Le, MaxLen, MinLen

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.files import digest_of_bytes, digest_of_file, written_beside
from tasnet2hef.base.records import RecordError, read_json, record_of, require_object
from tasnet2hef.base.version import __version__
from tasnet2hef.compiler.inputs import CompileInputs
from tasnet2hef.compiler.options import CompileOptions
from tasnet2hef.compiler.own_wheel import write_own_wheel
from tasnet2hef.compiler.stages.job import json_text, write_json

BUNDLE_NAME: Final = "bundle.json"
CALIBRATION_NAME: Final = "calibration.npz"
SCRIPT_NAME: Final = "model_script.alls"
LAYERS_NAME: Final = "predicted_layers.json"
COMMAND_NAME: Final = "compile.sh"
BUNDLE_FOLDER: Final = "bundle"
"""Name of the bundle's folder inside a run's folder."""
BUNDLE_FILES: Final = Path(__file__).with_name("bundle_files")
"""Files that are the same in every bundle."""
_Name = Annotated[str, MinLen(1), MaxLen(255)]


@dataclass(frozen=True)
class Bundle:
    """The contents of a bundle: the files of a run, and its options."""

    model: Path
    calibration: Path
    options: CompileOptions


@dataclass(frozen=True)
class _Record:
    """A bundle's ``bundle.json``, as it is read."""

    model: _Name
    script: str
    hardware: str
    force: bool
    minutes: dict[str, Annotated[float, Gt(0)]]
    attempts: Annotated[int, Ge(1), Le(100)]
    checkpoint: str
    sha256: dict[_Name, str]


def write_bundle(folder: Path, inputs: CompileInputs, options: CompileOptions) -> Path:
    """Copy a run's inputs with checksums, its options, the predicted layers, and what makes an environment there.

    Raises:
        OptionError: it can't be written.
    """
    home = inputs.model_files[0].parent
    sources = {path.relative_to(home).as_posix(): path for path in inputs.model_files}
    digests = dict(zip(sources, inputs.digests["model"], strict=True))
    sources[CALIBRATION_NAME], digests[CALIBRATION_NAME] = inputs.calibration, inputs.digests["calibration"]
    for name, source in sources.items():
        with written_beside(folder / name) as part:
            shutil.copyfile(source, part)
    if inputs.script:
        digests[SCRIPT_NAME] = _write(folder / SCRIPT_NAME, inputs.script)
    digests[LAYERS_NAME] = _write(folder / LAYERS_NAME, json_text(inputs.report.net.to_json()))
    for source in BUNDLE_FILES.iterdir():
        _write(folder / source.name, source.read_text(encoding="utf-8"))
    (folder / COMMAND_NAME).chmod(0o755)
    wheel = write_own_wheel(folder)
    if wheel is not None:
        digests[wheel.name] = digest_of_file(wheel)
    described = {
        "tasnet2hef": __version__,
        "model": inputs.model.name,
        "script": SCRIPT_NAME if inputs.script else "",
        "hardware": options.hardware,
        "force": options.force,
        "minutes": dict(options.minutes),
        "attempts": options.attempts,
        "checkpoint": _without_folder(options.checkpoint),
        "sha256": digests,
    }
    write_json(folder / BUNDLE_NAME, described)
    return folder


def _without_folder(checkpoint: str) -> str:
    """Return a checkpoint without the folder that it had on the machine that wrote the bundle.

    >>> _without_folder("/models/my_model.pth"), _without_folder("org/name")
    ('my_model.pth', 'org/name')
    """
    return Path(checkpoint).name if Path(checkpoint).is_absolute() else checkpoint


def _write(path: Path, text: str) -> str:
    """Write a text file and return its SHA-256."""
    content = text.encode()
    with written_beside(path) as part:
        part.write_bytes(content)
    return digest_of_bytes(content)


def bundle_folder(path: Path) -> Path | None:
    """Return a bundle's folder, given that folder, its ``compile.sh``, or the folder of the run that wrote it.

    None for any other file, such as a graph.
    """
    if path.is_dir():
        inside = path / BUNDLE_FOLDER
        return inside if (inside / BUNDLE_NAME).is_file() else path
    return path.parent if path.name in (COMMAND_NAME, BUNDLE_NAME) else None


def read_bundle(folder: Path) -> Bundle:
    """Read a bundle, and verify the SHA-256 of every file.

    Raises:
        OptionError: it is not a bundle, or a file is missing or altered.
    """
    try:
        record = record_of(_Record, require_object(read_json(folder / BUNDLE_NAME)))
        paths = [PurePosixPath(name) for name in record.sha256]
        if any(path.is_absolute() or ".." in path.parts for path in paths):
            raise RecordError("sha256: found a file outside the bundle, expected names in it")
    except (OSError, RecordError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise OptionError(
            f"{folder / BUNDLE_NAME}: not a bundle's record ({reason}); give an ONNX file, or a run's bundle"
        ) from error
    bundle = Bundle(
        folder / Path(record.model).name,
        folder / CALIBRATION_NAME,
        CompileOptions(
            hardware=record.hardware,
            script=folder / SCRIPT_NAME if record.script else None,
            force=record.force,
            minutes=record.minutes,
            attempts=record.attempts,
            checkpoint=record.checkpoint,
            bundle=folder,
        ),
    )
    digests = record.sha256
    needed = [path.name for path in (bundle.model, bundle.calibration, bundle.options.script) if path is not None]
    for name in [*needed, *digests]:
        _require_same(folder / name, digests.get(name, ""))
    return bundle


def _require_same(path: Path, expected: str) -> None:
    """Check a file's SHA-256."""
    digest = digest_of_file(path) if path.is_file() else "no file"
    if digest != expected:
        raise OptionError(
            f"{path}: missing or altered, found {digest}, expected SHA-256 {expected or '(none is recorded)'}; "
            "copy the bundle again"
        )
