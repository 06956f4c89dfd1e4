"""What a user chooses for a study, and the file in its folder by which it is resumed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.files import written_beside
from tasnet2hef.base.plain import plain
from tasnet2hef.base.records import RecordError, read_json, record_of, shown
from tasnet2hef.base.version import __version__
from tasnet2hef.explore.grid import NAMES, Axes
from tasnet2hef.explore.point import EXACT, FROZEN, Point
from tasnet2hef.quantize.calibration.calibrate import DEFAULT_WINDOWS
from tasnet2hef.target.known import DEFAULT_CHIP, chip_names

STUDY_NAME: Final = "study.json"
STEPS_NAME: Final = "steps"
"""The folder of products, where no other is shared."""


@dataclass(frozen=True)
class Study:
    """All that a study's results depend on, but for the products that it names by their keys.

    ``students`` are the keys of further checkpoints, by the names that points have for them. ``checkpoint`` and
    ``speech_folder`` are full paths, for commands; a checkpoint of a hub is its id.
    """

    checkpoint: str
    speech_folder: str
    model: str
    speech: str
    points: tuple[Point, ...]
    hardware: str = DEFAULT_CHIP
    windows: int = DEFAULT_WINDOWS
    any_data: bool = False
    simulates: bool = True
    """Whether losses are measured; without them only what is predicted of each graph is known."""
    students: Mapping[str, str] = field(default_factory=dict)
    settings: tuple[str, ...] = ()
    """Further options that name the model, for commands: ``--set`` and ``--assume``."""
    speech_settings: tuple[str, ...] = ()
    """How the speech is read, for commands: ``--speakers`` or ``--one-speaker``."""
    grid: str = ""
    """The file of the grid, for commands; empty for the default one."""
    version: str = __version__


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How a study is run; no result depends on it."""

    scheduler: str = ""
    workers: int | None = None
    """Processes of this machine; 0: none but this one; None: as many as it has room for."""
    shared: Path | None = None
    """A folder that all workers and this machine reach at the same path."""
    compiles: str = ""
    """Which points are compiled: ``front``, ``all``, or none."""
    minutes: Mapping[str, float] = field(default_factory=dict)
    """Limits of the compiler's stages."""


def write_study(folder: Path, study: Study) -> None:
    """Write what a later run resumes from."""
    with written_beside(folder / STUDY_NAME) as part:
        part.write_text(json.dumps(plain(study), indent=1) + "\n", encoding="utf-8")


def read_study(folder: Path) -> Study:
    """Read the study in a folder.

    Raises:
        OptionError: there is none, it is damaged, or of another version.
    """
    path = folder / STUDY_NAME
    if not path.exists():
        raise OptionError(
            f"{folder}: found no {STUDY_NAME} in it, expected the folder of a study; begin one with: tasnet2hef "
            "explore MODEL SPEECH -o FOLDER"
        )
    try:
        content = read_json(path)
        _require_version(path, content)
        return _sound(record_of(Study, content))
    except (OSError, RecordError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise OptionError(f"{path}: damaged: {reason}; delete it, and begin the study again") from None


def _sound(study: Study) -> Study:
    """Return a study whose points are such as a grid holds, of norms and on a chip that are known.

    Raises:
        RecordError: they are not.
    """
    record_of(Axes, {name: list({getattr(point, name): None for point in study.points}) for name in NAMES})
    for point in study.points:
        if point.norms not in (EXACT, FROZEN, *study.students):
            raise RecordError(f"norms: found {shown(point.norms)}, expected {EXACT}, {FROZEN} or a student of it")
    if study.hardware not in chip_names():
        raise RecordError(f"hardware: found {shown(study.hardware)}, expected one of {', '.join(chip_names())}")
    return study


def _require_version(path: Path, content: Any) -> None:
    made_by = content.get("version") if isinstance(content, dict) else None
    if isinstance(made_by, str) and made_by != __version__:
        raise OptionError(
            f"{path}: made by tasnet2hef {made_by[:20]}, expected {__version__}: figures of two versions are not "
            "compared; begin again in another folder"
        )


def require_same_model(folder: Path, study: Study) -> None:
    """Check that a folder holds no study of another model.

    Raises:
        OptionError: it does.
    """
    if not (folder / STUDY_NAME).is_file():
        return
    earlier = read_study(folder)
    if earlier.model != study.model:
        raise OptionError(
            f"{folder}: found a study of another model ({earlier.checkpoint}), expected one of "
            f"{study.checkpoint} or none; give another folder with -o"
        )
