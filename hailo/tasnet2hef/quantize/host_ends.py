"""The 8-bit simulation of a net whose encoder and decoders run on the host: those stay float."""

from __future__ import annotations

from typing import Final

from tasnet2hef.base.host_ends import Part, part_of
from tasnet2hef.quantize.borders import Border
from tasnet2hef.quantize.number_format import FLOAT, Precision
from tasnet2hef.quantize.simulator import Simulator
from tasnet2hef.target.graph.layers import HailoNet, Layer

SENT_TO_CHIP: Final = Precision(8, None)
"""A tensor that the host computes in float and sends to the chip in 8 bits."""


def host_end_precisions(simulator: Simulator) -> dict[str, Precision]:
    """Return the precisions of the host's layers, by border, for ``Simulator.backend`` on a whole graph.

    Encoder, product with the masks and decoders are float; what the encoder sends to the chip is rounded to 8 bits
    after float weights. The chip's layers, the masks among them, are left out: they take the backend's default.

    The product reads the rounded representation, where a host has the exact one, so the loss comes out high: for
    the demo student 31.7 dB of agreement on the shipped speech, where the chip part alone, simulated between float
    ends, has 33.6 (measured; with the ends on the chip it is 27.7).
    """
    return {
        border.layer: SENT_TO_CHIP if _is_sent(simulator.net, border) else FLOAT
        for border in simulator.borders
        if _part(simulator.net[border.layer]) != "chip_part"
    }


def _part(layer: Layer) -> Part:
    return "host_encoder" if layer.type == "input_layer" else part_of(layer.original_names[0])


def _is_sent(net: HailoNet, border: Border) -> bool:
    """Return whether the chip reads what a layer of the host's encoder computes."""
    if _part(net[border.layer]) != "host_encoder":
        return False
    readers = {reader for name in border.layers for reader in net[name].outputs} - set(border.layers)
    return any(_part(net[reader]) == "chip_part" for reader in readers)
