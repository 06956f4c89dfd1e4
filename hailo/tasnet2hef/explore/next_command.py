"""The command that makes what a study recommends, and the files that it needs."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Final

from tasnet2hef.base.agreement import BROKEN
from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.files import written_beside
from tasnet2hef.explore.files import MODEL, SCRIPT
from tasnet2hef.explore.options import Study
from tasnet2hef.explore.planner import Planner
from tasnet2hef.explore.point import EXACT, FROZEN, HOST, SEARCHED, SIXTEEN_BITS, Point
from tasnet2hef.explore.product import Store
from tasnet2hef.explore.study import StudyReport
from tasnet2hef.quantize.calibration.calibrate import DEFAULT_WINDOWS

FROZEN_NAME: Final = "frozen.pth"
SCRIPT_NAME: Final = "sixteen_bits.alls"
_SHAPE: Final = ("layout", "residual", "shift", "streams", "segments", "ends")
_DEFAULTS: Final = {field.name: field.default for field in fields(Point)}


def following_command(report: StudyReport) -> str:
    """Return the one command that follows: to convert what is recommended, to train, or to measure.

    Raises:
        OptionError: what the command needs can't be written.
    """
    study, goes_on = report.study, ["explore", str(report.folder)]
    data = [*study.speech_settings, *(["--any-data"] if study.any_data else [])]
    begins = ["explore", study.checkpoint, study.speech_folder, *study.settings, *data, *_windows(study)]
    begins += ["--hw", study.hardware, "-o", str(report.folder)]
    if report.failed:
        return _line(goes_on)
    if not study.simulates:
        return _line([*begins, *(["--grid", study.grid] if study.grid else [])])
    if report.recommendation is None and (report.front or study.grid):  # a limit, or a grid, that leaves nothing
        return _line(goes_on if report.front else begins)
    if report.recommendation is None or report.verdict == BROKEN:
        words = ["distil", study.checkpoint, study.speech_folder, *study.settings, *data, "--noise-bits", "8"]
        return _line([*words, "-o", str(report.folder / "student.pth")])
    return command_for(study, report.folder, Store(report.store), report.recommendation.row.point)


def _windows(study: Study) -> list[str]:
    return [] if study.windows == DEFAULT_WINDOWS else ["--windows", str(study.windows)]


def _line(words: Sequence[str]) -> str:
    return shlex.join(["tasnet2hef", *words])


def command_for(study: Study, folder: Path, store: Store, point: Point) -> str:
    """Return the command that converts the model into a point's graph, and on to the HEF.

    A frozen net and a script of 16 bits, which it names, are put into the study's folder.

    Raises:
        OptionError: they can't be written.
    """
    keys = Planner(study).point(point)
    words = ["convert", study.checkpoint, *study.settings]
    if point.norms == FROZEN:
        words[1:] = [str(_copied(store, keys.norms, MODEL, folder / FROZEN_NAME))]
    elif point.norms != EXACT:
        words[1:] = [point.norms]
    words += ["--stateful", "--chunk", str(point.chunk)] if point.chunk else ["--seconds", f"{point.seconds:g}"]
    for name in _SHAPE:
        value = getattr(point, name)
        if value != _DEFAULTS[name] and not (point.chunk and name == "shift"):
            words += [f"--{name}", str(value)]
    if point.precision == SEARCHED:
        words.append("--search")
    if point.precision == SIXTEEN_BITS and point.ends != HOST:
        script = _copied(store, keys.scores, SCRIPT.format(precision=SIXTEEN_BITS), folder / SCRIPT_NAME)
        words += ["--alls", str(script)]
    words += ["--any-data"] if study.any_data else []
    words += [*_windows(study), "--hw", study.hardware, "--calib-audio", study.speech_folder]
    return _line(words)


def _copied(store: Store, key: str, name: str, path: Path) -> Path:
    product = store.get(key)
    if product is None:
        raise OptionError(f"{store.folder}: found no {key} in it; run the study again")
    with written_beside(path) as part:
        shutil.copyfile(Path(product.folder) / name, part)
    return path
