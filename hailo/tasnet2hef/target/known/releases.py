"""Releases of the compiler with their runtimes and chips, from the vendor's model zoo and public logs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from tasnet2hef.target.known.evidence import Evidence

_CHANGE_LOG: Final = "hailo-ai/hailo_model_zoo@c6269bc, CHANGELOG"
_LOGS: Final = "public logs of compiles for hailo10h"
_ZOO: Final = Evidence(_CHANGE_LOG, "documented")
_ZOO_SPAN: Final = Evidence(_CHANGE_LOG, "inferred")

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


PAIRINGS: Final = (
    Pairing((3, 24), ((4, 14),), _ALL, _ZOO, _SINCE),
    Pairing((3, 25), ((4, 15),), _ALL, _ZOO),
    Pairing((3, 26), ((4, 16),), _ALL, _ZOO),
    Pairing(
        (3, 27),
        ((4, 17), (4, 18)),
        _ALL,
        Evidence(f"{_CHANGE_LOG}; guyp98/accelerated_features@c91d2b3", "recorded"),
        "4.18 as printed; HEFs of 3.27.0 were used with 4.17.0",
    ),
    Pairing((3, 28), ((4, 18),), _ALL, _ZOO),
    Pairing((3, 29), ((4, 19),), _ALL, _ZOO),
    Pairing((3, 30), ((4, 20),), _ALL, _ZOO),
    Pairing((3, 31), ((4, 21),), _ALL, _ZOO),
    Pairing((3, 32), ((4, 22),), _HAILO8, _ZOO, "drops hailo10h and hailo15"),
    Pairing(
        (3, 33),
        ((4, 23),),
        _HAILO8,
        Evidence(f"{_CHANGE_LOG}, GETTING_STARTED", "documented"),
        "Python 3.10 to 3.12",
    ),
    Pairing(
        (3, 34),
        (),
        ("hailo8l",),
        Evidence("a public log of a compile for hailo8l", "recorded"),
        "no runtime on record",
    ),
    Pairing((5, 0), ((5, 0),), _HAILO10_15, _ZOO_SPAN, _SPAN),
    Pairing((5, 1), ((5, 1),), _HAILO10_15, _ZOO_SPAN, _SPAN),
    Pairing((5, 2), ((5, 2),), _HAILO10_15, _ZOO_SPAN, _SPAN),
    Pairing(
        (5, 3),
        ((5, 3),),
        _HAILO10_15,
        Evidence(f"steveonw/Piper-VITS-TTS-on-Hailo-10H@371fd0c; {_LOGS}", "recorded"),
    ),
    Pairing((5, 4), ((5, 3),), _HAILO10_15, Evidence(_LOGS, "recorded")),
)
TOO_OLD: Final = Evidence(
    "community.hailo.ai topics 13704 and 19032: a HEF of 3.33.1 on HailoRT 4.20.0 ends in a version error",
    "recorded",
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
