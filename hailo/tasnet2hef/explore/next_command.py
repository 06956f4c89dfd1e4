"""The command that makes what a study recommends, and the files that it needs."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Final

from tasnet2hef.base.agreement import BROKEN
from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.files import written_beside
from tasnet2hef.explore.files import MODEL, SCRIPT
from tasnet2hef.explore.options import STEPS_NAME, Study
from tasnet2hef.explore.planner import Planner
from tasnet2hef.explore.point import EIGHT_BITS, EXACT, FROZEN, SEARCHED, SIXTEEN_BITS, Point
from tasnet2hef.explore.product import Store
from tasnet2hef.explore.study import StudyReport
from tasnet2hef.quantize.calibration.calibrate import DEFAULT_WINDOWS

FROZEN_NAME: Final = "frozen.pth"
SCRIPT_NAMES: Final = {
    EIGHT_BITS: "eight_bits.alls",
    SIXTEEN_BITS: "sixteen_bits.alls",
    SEARCHED: "some_sixteen_bits.alls",
}
_SHAPE: Final = ("layout", "residual", "shift", "streams", "segments", "ends")
_DEFAULTS: Final = {field.name: field.default for field in fields(Point)}


def following_command(report: StudyReport) -> str:
    """Return the one command that follows: to convert what is recommended, to train, or to measure.

    Raises:
        OptionError: what the command needs can't be written.
    """
    study, goes_on = report.study, ["explore", str(report.folder)]
    if report.store.resolve() != (report.folder / STEPS_NAME).resolve():
        goes_on += ["--shared", str(report.store)]
    given = [_shown(study.checkpoint), _shown(study.speech_folder), *study.settings, *study.speech_settings]
    begins = ["explore", *given, "--hw", study.hardware, *_drawn(study), "-o", str(report.folder)]
    if report.failed:
        return _line(goes_on)
    if not study.simulates:
        return _line([*begins, *(["--grid", _shown(study.grid)] if study.grid else [])])
    if report.recommendation is None and (report.front or study.grid):  # a limit, or a grid, that leaves nothing
        return _line(goes_on if report.front else begins)
    if report.recommendation is None or report.verdict == BROKEN:
        words = ["distil", *given, *(["--any-data"] if study.any_data else []), "--noise-bits", "8"]
        return _line([*words, "-o", str(report.folder / "student.pth")])
    return command_for(study, report.folder, Store(report.store), report.recommendation.row.point)


def _line(words: Sequence[str]) -> str:
    return shlex.join(["tasnet2hef", *words])


def command_for(study: Study, folder: Path, store: Store, point: Point) -> str:
    """Return the command that converts the model into a point's graph, and on to the HEF.

    A frozen net and a script, which it names, are put into the study's folder: that of 16 bits, and that of
    several streams, which `convert` does not simulate.

    Raises:
        OptionError: they can't be written.
    """
    keys = Planner(study).point(point)
    words = ["convert", _shown(study.checkpoint), *study.settings]
    if point.norms == FROZEN:
        words[1:] = [str(_copied(store, keys.norms, MODEL, folder / FROZEN_NAME))]
    elif point.norms != EXACT:
        words[1:] = [point.norms]
    words += ["--stateful", "--chunk", str(point.chunk)] if point.chunk else ["--seconds", f"{point.seconds:g}"]
    for name in _SHAPE:
        value = getattr(point, name)
        if value != _DEFAULTS[name] and not (point.chunk and name == "shift"):
            words += [f"--{name}", str(value)]
    if point.streams > 1 and point.segments > 1:
        words.append("--no-simulate")  # each segment has names of its own
    elif point.streams > 1 or point.precision == SIXTEEN_BITS:
        name = SCRIPT.format(precision=point.precision)
        words += ["--alls", str(_copied(store, keys.scores, name, folder / SCRIPT_NAMES[point.precision]))]
    elif point.precision == SEARCHED:
        words.append("--search")
    words += ["--hw", study.hardware, "--calib-audio", _shown(study.speech_folder), *_drawn(study)]
    return _line([*words, "-o", str(folder / _name(point))])


def _name(point: Point) -> str:
    """Return a name for the folder of a point: results of two points never meet.

    >>> _name(Point(norms="nets/my student.pth", seconds=0.5, residual="joint"))
    'my_student_0.5_s_joint'
    """
    words = str(replace(point, norms=Path(point.norms).stem))
    return re.sub(r"[^A-Za-z0-9.]+", "_", words)


def _shown(path: str) -> str:
    """Return a path as it is typed from the current folder, where it lies in it."""
    here = os.getcwd()
    return os.path.relpath(path, here) if path.startswith(here + os.sep) else path


def _drawn(study: Study) -> list[str]:
    """Return the options by which other windows than the default ones were drawn: a script names their number."""
    windows = [] if study.windows == DEFAULT_WINDOWS else ["--windows", str(study.windows)]
    return [*windows, *(["--any-data"] if study.any_data else [])]


def _copied(store: Store, key: str, name: str, path: Path) -> Path:
    product = store.get(key)
    if product is None:
        raise OptionError(f"{store.folder}: found no {key} in it; run the study again")
    with written_beside(path) as part:
        shutil.copyfile(Path(product.folder) / name, part)
    return path
