"""Evidence: where a claim about the compiler or a chip comes from, and how far it can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Grade = Literal["recorded", "documented", "inferred"]
"""recorded: seen in a real compiler run; documented: written by the vendor; inferred: our conclusion."""

GRADES: Final[tuple[Grade, ...]] = ("recorded", "documented", "inferred")


@dataclass(frozen=True)
class Evidence:
    """One source; ``words`` quotes the compiler, in three lines at most.

    ``version`` is the compiler's. ``hardware`` lists the chips on which it was seen; empty if it does not
    depend on the chip, as for what the parser refuses.

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
        """Return the source with the compiler's version and the chips.

        >>> Evidence("public log", "recorded", version="3.33.0", hardware=("hailo8", "hailo8l")).citation
        'public log; DFC 3.33.0; hailo8, hailo8l'
        """
        parts = (self.source, f"DFC {self.version}" if self.version else "", ", ".join(self.hardware))
        return "; ".join(part for part in parts if part)

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
