"""Evidence: where a claim about the compiler or a chip comes from, and how far it can be trusted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

Grade = Literal["recorded", "recorded here", "documented", "inferred"]
"""recorded: seen in a real compiler run; recorded here: seen by `tasnet2hef probe` on this machine; documented:
written by the vendor; inferred: our conclusion."""

GRADES: Final[tuple[Grade, ...]] = ("recorded", "recorded here", "documented", "inferred")

_IN_THE_SOURCE: Final = re.compile(r"\bDFC (v?\d+\.(?:\d+|x)[\d.]*(?:(?:,| and| to| or) v?\d+\.(?:\d+|x)[\d.]*)*)")
_RELEASE: Final = re.compile(r"(\d{1,9})\.(\d{1,9}|x)[\d.]*( and later)?")


@dataclass(frozen=True)
class Evidence:
    """One source; ``words`` quotes the compiler, in three lines at most.

    ``version`` is the compiler's: one or several, ``3.31, 5.x`` or ``3.28 and later``; empty if the record names
    none. ``hardware`` lists the chips on which it was seen; empty if the record names none, as for what the parser
    refuses on every chip.

    Raises:
        ValueError: the source is empty.
    """

    source: str
    grade: Grade
    words: str = ""
    version: str = ""
    hardware: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a claim without a source."""
        if not self.source:
            raise ValueError(f"{self.grade} evidence: found no source, expected one")

    @property
    def citation(self) -> str:
        """Return the source with the compiler's version and the chips, or that they are not recorded.

        >>> Evidence("public log", "recorded", version="3.33.0", hardware=("hailo8", "hailo8l")).citation
        'public log; DFC 3.33.0; hailo8, hailo8l'
        >>> Evidence("public log", "recorded").citation
        'public log; release and chip not recorded'
        """
        known = [self.source]
        if self.version:
            known.append(f"DFC {self.version}")
        if self.hardware:
            known.append(", ".join(self.hardware))
        lacking = [] if self.versions else ["release"]
        lacking += [] if self.hardware or re.search(r"\bhailo\d|\bHailo-\d", self.source) else ["chip"]
        return "; ".join([*known, *([f"{' and '.join(lacking)} not recorded"] if lacking else [])])

    @property
    def versions(self) -> str:
        """Return the compiler's versions, also where only the source names them; empty if none is recorded.

        >>> Evidence("public logs of DFC 3.28 and 3.33", "recorded").versions
        '3.28 and 3.33'
        """
        named = _IN_THE_SOURCE.search(self.source)
        return self.version or (named[1] if named else "")

    def covers(self, release: tuple[int, int]) -> bool:
        """Return whether it was seen on a release of the compiler, given as major and minor version.

        >>> [Evidence("log", "recorded", version="3.31, 5.x").covers(each) for each in ((3, 31), (3, 33), (5, 3))]
        [True, False, True]
        """
        for major, minor, later in _RELEASE.findall(self.versions):
            if int(major) == release[0] and (minor == "x" or int(minor) == release[1]):
                return True
            if later and minor != "x" and (int(major), int(minor)) <= release:
                return True
        return False

    def __str__(self) -> str:
        """Return grade and citation."""
        return f"{self.grade}: {self.citation}"

    def applies_to(self, chip: str) -> bool:
        """Return whether this was seen on a chip, or does not depend on it."""
        return not self.hardware or chip in self.hardware


@dataclass(frozen=True)
class Figure:
    """One number with its unit and evidence; ``note`` describes how it was derived."""

    value: float
    unit: str
    evidence: Evidence
    note: str = ""

    def __int__(self) -> int:
        """Return the number as an integer."""
        return int(self.value)
