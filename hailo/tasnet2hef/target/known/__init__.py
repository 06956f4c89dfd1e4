"""What is known of the compiler and its chips, as data: each number with its source and grade."""

from tasnet2hef.target.known.chip import Chip
from tasnet2hef.target.known.evidence import Evidence, Figure, Grade
from tasnet2hef.target.known.loader import DEFAULT_CHIP, chip_names, load_chip

__all__ = ["DEFAULT_CHIP", "Chip", "Evidence", "Figure", "Grade", "chip_names", "load_chip"]
