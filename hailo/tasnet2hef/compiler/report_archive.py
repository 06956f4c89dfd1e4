"""A run as text that may be sent: what was found, predicted and printed, without weights, audio, paths and names.

The words that the compiler printed stay, and so do the names of the graph and its nodes.
"""

from __future__ import annotations

import getpass
import json
import platform
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from tasnet2hef.base.archive import write_archive
from tasnet2hef.base.host import system_name
from tasnet2hef.base.supervise.log import tail
from tasnet2hef.base.version import __version__, installed_versions
from tasnet2hef.compiler.agreement_report import AGREEMENT_JSON, AGREEMENT_TEXT
from tasnet2hef.compiler.report import CompileReport
from tasnet2hef.compiler.stages.job import json_text
from tasnet2hef.target.failures.failure_report import without_private_paths

ARCHIVE_NAME: Final = "report.zip"
CONTENTS: Final = {
    "report.json": "how the run and each of its stages ended, findings, emulator, the HEF's size and digest",
    "check.json": "the findings of the check, and the predicted cost",
    "predicted_layers.json": "the layers as they were predicted: types, shapes, counts of weights",
    "agreement.json": "where the compiler's layers differ from them",
    "agreement.md": "the same for reading",
    "versions.json": "of the system, Python, the compiler and the packages",
    "logs/": "what each stage printed, the last part of it",
}
PACKAGES: Final = ("numpy", "onnx", "onnxruntime", "protobuf", "tensorflow")
_NAMELESS: Final = ("root", "user", "ubuntu", "admin", "docker", "localhost", "hailo")
"""Names of users and machines that tell nothing, and are words of their own in a log."""
_LEAST_NAME: Final = 3
_NUMBER: Final = r"[-+]?\d{0,9}\.\d{0,17}(?:e[-+]?\d{1,3})?"
_BETWEEN: Final = r"[\s,;\[\]()]{1,80}"
_VALUES: Final = re.compile(
    rf"(?:{_NUMBER}{_BETWEEN}){{4,}}(?:{_NUMBER})?|(?:[-+]?\d{{1,9}}{_BETWEEN}){{15,}}(?:[-+]?\d{{1,9}})?", re.I
)
"""Five numbers with points in a row, or sixteen without: a printed tensor, or a part of one."""
_MOST_NUMBERS: Final = 16


def write_report_archive(report: CompileReport, inputs: Iterable[Path]) -> Path:
    """Write ``report.zip`` into a run's folder, and return its path; the folders of ``inputs`` are left out.

    Raises:
        OptionError: it can't be written.
    """
    clean = cleaner([report.folder, report.folder.parent, *(each.parent for each in inputs)])
    texts = {
        "report.json": json_text(_cleaned(report.to_json(), clean)),
        "check.json": json_text(_cleaned(report.check.to_json(), clean)),
        "predicted_layers.json": json_text(_cleaned(report.check.net.to_json(), clean)),
        "versions.json": json_text(_versions(report)),
        **{
            f"logs/{record.stage}_{number}.txt": _log(report.folder / record.log, clean)
            for number, record in enumerate(report.records, start=1)
        },
    }
    if report.agreement is not None:
        agreement = json.loads((report.folder / AGREEMENT_JSON).read_text(encoding="utf-8"))
        texts[AGREEMENT_JSON] = json_text(_cleaned(agreement, clean))
        texts[AGREEMENT_TEXT] = clean((report.folder / AGREEMENT_TEXT).read_text(encoding="utf-8"))
    what = "\n".join(f"- {name}: {told}" for name, told in CONTENTS.items())
    texts["README.md"] = (
        "# A run of `tasnet2hef compile`, to be sent\n\n"
        "No weights, no audio, no paths, no names of users or machines. "
        f"The names of the graph and of its nodes are in it: read it before sending it.\n\n{what}\n"
    )
    return write_archive(report.folder / ARCHIVE_NAME, {name: text.encode() for name, text in texts.items()})


def cleaner(folders: Iterable[Path]) -> Callable[[str], str]:
    """Return a function that takes out of a text what is private: these folders, names, rows of numbers."""
    known = [*folders, Path.cwd(), Path.home(), Path(sys.prefix)]
    spelled = {str(path) for each in known for path in (each.absolute(), each.resolve()) if len(path.parts) > 1}
    longest_first = sorted(spelled, key=len, reverse=True)
    names = [re.escape(name) for name in {_user(), platform.node()} if _tells(name)]
    private = re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(names)})(?![A-Za-z0-9])") if names else None

    def clean(text: str) -> str:
        for folder in longest_first:
            text = text.replace(folder, "...")
        text = without_private_paths(text)
        text = private.sub("<name>", text) if private else text
        return _VALUES.sub("<numbers> ", text)

    return clean


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user without an entry
        return ""


def _tells(name: str) -> bool:
    return len(name) >= _LEAST_NAME and name.lower() not in _NAMELESS


def _cleaned(value: Any, clean: Callable[[str], str]) -> Any:
    """Return JSON values with every text and key cleaned."""
    if isinstance(value, dict):
        return {clean(str(key)): _cleaned(each, clean) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        if len(value) >= _MOST_NUMBERS and all(isinstance(each, (int, float)) for each in value):
            return f"<{len(value)} numbers>"
        return [_cleaned(each, clean) for each in value]
    return clean(value) if isinstance(value, str) else value


def _log(path: Path, clean: Callable[[str], str]) -> str:
    return clean(tail(path)) if path.is_file() else ""


def _versions(report: CompileReport) -> dict[str, str]:
    told = report.records[0].facts if report.records else {}
    own = {"system": system_name(), "machine": platform.machine(), "python": platform.python_version()}
    return (
        own
        | {"tasnet2hef": __version__, **installed_versions(PACKAGES)}
        | {str(k): str(v) for k, v in told.items()}
    )
