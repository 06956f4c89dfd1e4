"""The chips' resources and the compiler's caps, as data: each number with its source and grade."""

from tasnet2hef.hardware.chip import Chip, Figure
from tasnet2hef.hardware.loader import chip_names, load_chip

__all__ = ["Chip", "Figure", "chip_names", "load_chip"]
