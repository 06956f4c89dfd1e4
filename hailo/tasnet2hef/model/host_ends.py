"""Cuts an exported graph before and after its mask network, for an encoder and decoders that run on the host.

The chip part takes the representation, as the encoder's activation leaves it, and returns one mask per source. The
host's decoder takes the masks and the representation, which has never left the host. No weight is changed.
"""

from __future__ import annotations

from dataclasses import replace

import onnx

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.graph_contract import GraphContract, metadata_of
from tasnet2hef.base.host_ends import PARTS, part_of
from tasnet2hef.model.segments import CutTensors, cut_out, digest_of_weights


def chip_part(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the mask network of a whole exported graph: what is compiled where the ends run on the host.

    Its input is the representation ``[1, N, T, 1]``, its outputs are the masks, each of the same shape.

    Raises:
        OptionError: see ``split_ends``.
        GraphError: the graph was not exported by tasnet2hef.
    """
    _, chip, _ = split_ends(model)
    return chip


def split_ends(model: onnx.ModelProto) -> list[onnx.ModelProto]:
    """Return a whole graph of windows as the host's encoder, the chip part and the host's decoder, in this order.

    Raises:
        OptionError: the graph is stateful, wide, of several streams, or a part itself.
        GraphError: it was not exported by tasnet2hef.
    """
    contract = GraphContract.from_metadata(metadata_of(model), "graph")
    require_splittable(contract)
    encoded, masks = _crossing(model)
    sources = tuple(port.name for port in model.graph.output)
    cuts = [((), encoded), (_chip_inputs(model, encoded), masks), ((*encoded, *masks), sources)]
    whole = replace(contract, segments=len(PARTS), segment_of=digest_of_weights(model), ends="host")
    return [
        cut_out(model, inputs, outputs, replace(whole, segment=number))
        for number, (inputs, outputs) in enumerate(cuts, start=1)
    ]


def require_splittable(contract: GraphContract) -> None:
    """Check that a graph's ends can run on the host.

    Raises:
        OptionError: it is stateful, wide, of several streams, or a part of a graph.
    """
    found = {
        "a stateful graph": contract.stateful,
        f"the layout {contract.layout}": contract.layout != "tall",
        f"{contract.streams} streams": contract.streams != 1,
        f"part {contract.segment} of {contract.segments}": contract.segments != 1,
    }
    for what, is_found in found.items():
        if is_found:
            raise OptionError(f"ends on the host: found {what}, expected a whole tall graph of one stream")


def _crossing(model: onnx.ModelProto) -> tuple[CutTensors, CutTensors]:
    """Return what the host's encoder passes on, to either of the others, and what the chip part returns."""
    makers = {name: part_of(node.name) for node in model.graph.node for name in node.output}
    crossing: dict[str, None] = {}
    for node in model.graph.node:
        part = part_of(node.name)
        crossing.update(dict.fromkeys(name for name in node.input if makers.get(name, part) != part))
    encoded, masks = (tuple(name for name in crossing if makers[name] == part) for part in PARTS[:2])
    return encoded, masks


def _chip_inputs(model: onnx.ModelProto, encoded: CutTensors) -> CutTensors:
    """Return what the chip reads: before a norm a sigmoid is computed again, from what it was computed of."""
    read = {name for node in model.graph.node if part_of(node.name) == "chip_part" for name in node.input}
    return tuple(name for name in encoded if name in read)
