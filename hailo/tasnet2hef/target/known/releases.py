"""Which compiler goes with which runtime and which chips, as the vendor's model zoo and public logs have it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

_ZOO: Final = "hailo-ai/hailo_model_zoo@c6269bc, CHANGELOG"
_LOGS: Final = "public logs of compiles for hailo10h"
_EARLY: Final = ("hailo8", "hailo8l", "hailo10h", "hailo15h", "hailo15m", "hailo15l")
_EIGHT: Final = ("hailo8", "hailo8l")
_NEW: Final = ("hailo10h", "hailo15h", "hailo15m", "hailo15l")

_SINCE: Final = "hailo10h and hailo15 are on record up to 3.31; since when is not"
_SPAN: Final = "the source names 5.0 to 5.2 for both, read as equal numbers"

Release = tuple[int, int]
"""Major and minor version."""


@dataclass(frozen=True)
class Pairing:
    """A compiler's release with the runtimes that belong to it; no runtimes where none is on record."""

    compiler: Release
    runtimes: tuple[Release, ...]
    hardware: tuple[str, ...]
    source: str
    grade: str
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "dfc": spelt(self.compiler),
            "hailort": [spelt(each) for each in self.runtimes],
            "hardware": list(self.hardware),
            "source": self.source,
            "grade": self.grade,
            "note": self.note,
        }


PAIRINGS: Final = (
    Pairing((3, 24), ((4, 14),), _EARLY, _ZOO, "documented", _SINCE),
    Pairing((3, 25), ((4, 15),), _EARLY, _ZOO, "documented"),
    Pairing((3, 26), ((4, 16),), _EARLY, _ZOO, "documented"),
    Pairing(
        (3, 27),
        ((4, 17), (4, 18)),
        _EARLY,
        f"{_ZOO}; guyp98/accelerated_features@c91d2b3",
        "recorded",
        "4.18 as printed; HEFs of 3.27.0 were used with 4.17.0",
    ),
    Pairing((3, 28), ((4, 18),), _EARLY, _ZOO, "documented"),
    Pairing((3, 29), ((4, 19),), _EARLY, _ZOO, "documented"),
    Pairing((3, 30), ((4, 20),), _EARLY, _ZOO, "documented"),
    Pairing((3, 31), ((4, 21),), _EARLY, _ZOO, "documented"),
    Pairing((3, 32), ((4, 22),), _EIGHT, _ZOO, "documented", "drops hailo10h and hailo15"),
    Pairing((3, 33), ((4, 23),), _EIGHT, f"{_ZOO}, GETTING_STARTED", "documented", "Python 3.10 to 3.12"),
    Pairing(
        (3, 34), (), ("hailo8l",), "a public log of a compile for hailo8l", "recorded", "no runtime on record"
    ),
    Pairing((5, 0), ((5, 0),), _NEW, _ZOO, "inferred", _SPAN),
    Pairing((5, 1), ((5, 1),), _NEW, _ZOO, "inferred", _SPAN),
    Pairing((5, 2), ((5, 2),), _NEW, _ZOO, "inferred", _SPAN),
    Pairing((5, 3), ((5, 3),), _NEW, f"steveonw/Piper-VITS-TTS-on-Hailo-10H@371fd0c; {_LOGS}", "recorded"),
    Pairing((5, 4), ((5, 3),), _NEW, _LOGS, "recorded"),
)
TOO_OLD: Final = (
    "community.hailo.ai topics 13704 and 19032: a HEF of 3.33.1 on HailoRT 4.20.0 ends in a version error"
)
OTHER_FAMILY: Final = "hailocs/hailo-whisper README: 3.x with 4.x for Hailo-8 and 8L, 5.x for Hailo-10H and 15"


def pairing_of(version: str) -> Pairing | None:
    """Return what is known of a compiler's version; None where nothing is.

    >>> found = pairing_of("3.33.1")
    >>> found.runtimes if found else None
    ((4, 23),)
    """
    wanted = release(version)
    return next((each for each in PAIRINGS if each.compiler == wanted), None)


def release(version: str) -> Release | None:
    """Return major and minor of a version; None for a text that is no version."""
    found = re.match(r"(\d{1,9})\.(\d{1,9})", version)
    return (int(found[1]), int(found[2])) if found else None


def spelt(version: Release) -> str:
    """Return a release as people write it.

    >>> spelt((3, 33))
    '3.33'
    """
    return f"{version[0]}.{version[1]}"
