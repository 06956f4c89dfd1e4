"""The chips' resources and the compiler's caps, as data: each number with its source and grade."""

from tasnet2hef.target.known.chip import Chip, Figure
from tasnet2hef.target.known.loader import chip_names, load_chip

__all__ = ["Chip", "Figure", "chip_names", "load_chip"]
