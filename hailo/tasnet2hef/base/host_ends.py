"""Which part of a net a node belongs to where the ends, encoder and decoders, run on the host."""

from __future__ import annotations

import re
from typing import Final, Literal

Part = Literal["host_encoder", "chip_part", "host_decoder"]
PARTS: Final[tuple[Part, ...]] = ("host_encoder", "chip_part", "host_decoder")
"""In the order in which they run; files are named after them."""
CHIP_PART: Final = PARTS[1]
ENCODER: Final = ("encoder", "encoder_activation")
_SOURCE: Final = re.compile(r"source_\d+")


def part_of(node: str) -> Part:
    """Return the part that a node of an exported graph belongs to, by its name.

    >>> part_of("encoder_activation"), part_of("tcn_03/depthwise"), part_of("source_1/masked")
    ('host_encoder', 'chip_part', 'host_decoder')
    """
    module = node.split("/")[0]
    if module in ENCODER:
        return "host_encoder"
    return "host_decoder" if _SOURCE.fullmatch(module) else "chip_part"
