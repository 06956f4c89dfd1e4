"""Releases of the compiler with their runtimes and chips, from the vendor's model zoo and public logs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from tasnet2hef.base.errors import OptionError
from tasnet2hef.target.known.evidence import Evidence, Grade

_CHANGE_LOG: Final = "hailo-ai/hailo_model_zoo@c6269bc, CHANGELOG"
_LOGS: Final = "public logs of compiles for hailo10h"

_HAILO8: Final = ("hailo8", "hailo8l")
_HAILO10_15: Final = ("hailo10h", "hailo15h", "hailo15m", "hailo15l")
_ALL: Final = (*_HAILO8, *_HAILO10_15)

_SINCE: Final = "hailo10h and hailo15 are on record up to 3.31; since when is not"
_SPAN: Final = "the source names 5.0 to 5.2 for both, read as equal numbers"

NEWEST_IR_VERSION: Final = 10
"""The newest file version that the onnx package of DFC 5.3.0 (1.16) reads; 11 and 13 were refused."""

Release = tuple[int, int]
"""Major and minor version."""


@dataclass(frozen=True)
class Pairing:
    """A compiler release with the HailoRT releases for it; ``runtimes`` is empty if none is on record."""

    compiler: Release
    runtimes: tuple[Release, ...]
    hardware: tuple[str, ...]
    evidence: Evidence
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "dfc": format_release(self.compiler),
            "hailort": [format_release(each) for each in self.runtimes],
            "hardware": list(self.hardware),
            "source": self.evidence.source,
            "grade": self.evidence.grade,
            "note": self.note,
        }


def _pairing(
    compiler: Release,
    runtimes: Iterable[Release],
    hardware: tuple[str, ...],
    source: str = _CHANGE_LOG,
    grade: Grade = "documented",
    note: str = "",
) -> Pairing:
    """Make a row whose evidence is of its own release and chips."""
    evidence = Evidence(source, grade, version=format_release(compiler), hardware=hardware)
    return Pairing(compiler, tuple(runtimes), hardware, evidence, note)


def parse_release(version: str) -> Release | None:
    """Return major and minor of a version; None for a text that is no version.

    >>> parse_release("3.33.1")
    (3, 33)
    """
    match = re.match(r"(\d{1,9})\.(\d{1,9})", version)
    return (int(match[1]), int(match[2])) if match else None


def format_release(release: Release) -> str:
    """Return a release as `major.minor`.

    >>> format_release((3, 33))
    '3.33'
    """
    return f"{release[0]}.{release[1]}"


PAIRINGS: Final = (
    _pairing((3, 24), [(4, 14)], _ALL, note=_SINCE),
    _pairing((3, 25), [(4, 15)], _ALL),
    _pairing((3, 26), [(4, 16)], _ALL),
    _pairing(
        (3, 27),
        [(4, 17), (4, 18)],
        _ALL,
        f"{_CHANGE_LOG}; guyp98/accelerated_features@c91d2b3",
        "recorded",
        "4.18 as printed; HEFs of 3.27.0 were used with 4.17.0",
    ),
    _pairing((3, 28), [(4, 18)], _ALL),
    _pairing((3, 29), [(4, 19)], _ALL),
    _pairing((3, 30), [(4, 20)], _ALL),
    _pairing((3, 31), [(4, 21)], _ALL),
    _pairing((3, 32), [(4, 22)], _HAILO8, note="drops hailo10h and hailo15"),
    _pairing((3, 33), [(4, 23)], _HAILO8, f"{_CHANGE_LOG}, GETTING_STARTED", note="Python 3.10 to 3.12"),
    _pairing(
        (3, 34),
        [(4, 24)],
        _HAILO8,
        "public logs of compiles for hailo8 and hailo8l; hailo-ai/hailort v4.24.0 of June 2026, branch hailo8",
        "recorded",
        "suite 2026-07",
    ),
    _pairing((5, 0), [(5, 0)], _HAILO10_15, grade="inferred", note=_SPAN),
    _pairing((5, 1), [(5, 1)], _HAILO10_15, grade="inferred", note=_SPAN),
    _pairing((5, 2), [(5, 2)], _HAILO10_15, grade="inferred", note=_SPAN),
    _pairing(
        (5, 3),
        [(5, 3)],
        _HAILO10_15,
        f"steveonw/Piper-VITS-TTS-on-Hailo-10H@371fd0c; {_LOGS}",
        "recorded",
        "suite 2026-04",
    ),
    _pairing(
        (5, 4),
        [(5, 3), (5, 4)],
        _HAILO10_15,
        f"{_LOGS}; hailo-ai/hailo_model_zoo, README: DFC 5.4.0 and HailoRT 5.4.0",
        "recorded",
        "with HailoRT 5.3 in logs, with 5.4 in the README",
    ),
)
TOO_OLD: Final = Evidence(
    "community.hailo.ai topics 13704 and 19032: a HEF of 3.33.1 on HailoRT 4.20.0 ends in a version error",
    "recorded",
    version="3.33.1",
)
OTHER_FAMILY: Final = Evidence(
    "hailocs/hailo-whisper README: 3.x with 4.x for Hailo-8 and 8L, 5.x for Hailo-10H and 15", "documented"
)


def pairing_of(version: str) -> Pairing | None:
    """Return the pairing of a compiler version; None if none is on record.

    >>> pairing = pairing_of("3.33.1")
    >>> pairing.runtimes if pairing else None
    ((4, 23),)
    """
    release = parse_release(version)
    return next((pairing for pairing in PAIRINGS if pairing.compiler == release), None)


def hardware_of_runtime(version: str) -> tuple[str, ...]:
    """Return the chips of a HailoRT's family, as the newest release on record has them.

    >>> hardware_of_runtime("4.20.0")
    ('hailo8', 'hailo8l')
    """
    release = parse_release(version)
    family = [each for each in PAIRINGS if release and each.runtimes and each.runtimes[-1][0] == release[0]]
    return family[-1].hardware if family else ()


def wrong_chip(version: str, hardware: str) -> str:
    """Return why a compiler's version does not compile for a chip; empty where it does, or where it is not known.

    >>> wrong_chip("5.3.0", "hailo8").split(",")[0], wrong_chip("3.33.0", "hailo8")
    ('DFC 5.3.0 does not compile for hailo8', '')
    """
    pairing = pairing_of(version)
    if pairing is None or hardware in pairing.hardware:
        return ""
    fitting = [each.compiler for each in PAIRINGS if hardware in each.hardware]
    releases = " or ".join(_spans(fitting)) or "none on record"
    return (
        f"DFC {version} does not compile for {hardware}, only for {', '.join(pairing.hardware)} "
        f"({pairing.evidence.grade}: {pairing.evidence.source}); for {hardware} take DFC {releases}, or "
        f"compile for another chip, --hw {pairing.hardware[0]}"
    )


def require_version(version: str) -> str:
    """Return a version as a user gave it, without the `v` in front.

    Raises:
        OptionError: it is no version.

    >>> require_version("v5.3")
    '5.3'
    """
    plain = version.strip().removeprefix("v")
    if not re.fullmatch(r"\d{1,9}\.\d{1,9}[\w.+-]{0,40}", plain, re.ASCII):
        raise OptionError(f"--dfc: found {version[:40]!r}, expected a version such as 3.33.0 or 5.3")
    return plain


def _spans(releases: list[Release]) -> list[str]:
    """Return releases as spans of those that follow each other, for example `3.24 to 3.31`."""
    spans: list[list[Release]] = []
    for release in releases:
        if spans and release == (spans[-1][-1][0], spans[-1][-1][1] + 1):
            spans[-1].append(release)
        else:
            spans.append([release])
    ends = [(format_release(span[0]), format_release(span[-1])) for span in spans]
    return [first if first == last else f"{first} to {last}" for first, last in ends]
