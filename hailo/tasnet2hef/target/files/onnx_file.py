"""Reads the contents of an ONNX graph, and predicts the layers of the compiler's parser."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import onnx

from tasnet2hef.base.errors import GraphError
from tasnet2hef.target.files.file_summary import FileSummary, Port, fused_layer, size_of
from tasnet2hef.target.graph.opened import OpenedGraph


def read_onnx(path: str | Path) -> FileSummary:
    """Return the summary of an ONNX graph; shapes are the graph's, None if an axis is not fixed.

    Raises:
        GraphError: not an ONNX model.
        InputError: no regular file.
    """
    file = Path(path)
    size = size_of(file)
    graph = OpenedGraph.read(file)
    model = graph.inlined
    stored = {tensor.name for tensor in model.graph.initializer}
    details = {
        "name": model.graph.name or None,
        "producer": " ".join((model.producer_name, model.producer_version)).strip() or None,
        "opset": {entry.domain or "ai.onnx": entry.version for entry in model.opset_import},
        "nodes": len(model.graph.node),
    }
    contract, contract_notes = _contract(graph)
    predicted, notes = _predicted(graph)
    return FileSummary(
        path=file,
        format="onnx",
        size_bytes=size,
        axes="as the graph has them",
        inputs=_ports(value for value in model.graph.input if value.name not in stored),
        outputs=_ports(model.graph.output),
        details={**details, "contract": contract, **predicted},
        notes=(*contract_notes, *notes),
    )


def _ports(values: Iterable[onnx.ValueInfoProto]) -> tuple[Port, ...]:
    return tuple(Port(value.name, _shape(value)) for value in values)


def _shape(value: onnx.ValueInfoProto) -> tuple[int | None, ...]:
    sizes = value.type.tensor_type.shape.dim
    return tuple(size.dim_value if size.HasField("dim_value") else None for size in sizes)


def _contract(graph: OpenedGraph) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    """Return the contract of an exported graph, and a note if it is damaged; None for a foreign graph."""
    try:
        contract = graph.contract
    except GraphError as error:
        return None, (str(error),)
    if contract is None:
        return None, ()
    spec = contract.spec
    return {
        "version": contract.version,
        "sources": spec.n_src,
        "sample_rate_hz": spec.sample_rate,
        "window_samples": contract.window_samples,
        "layout": contract.layout,
        "norm": contract.norm,
        "residual": contract.residual,
        "streams": contract.streams,
        "stateful": contract.stateful,
        "segment": f"{contract.segment} of {contract.segments}",
        "ends": contract.ends,
    }, ()


def _predicted(graph: OpenedGraph) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the predicted layers of the compiler's parser, or a note why there are none."""
    try:
        net, cost = graph.net, graph.cost
    except GraphError as error:
        return {"predicted": None}, (f"no layers are predicted: {error}",)
    return {
        "predicted": {
            "parsed_layers": cost.parsed_layers,
            "compiled_layers": cost.compiled_layers,
            "weights": cost.weights,
        },
        "layers": dict(cost.layers_by_type),
        "fused_layers": [
            fused_layer(layer.name, layer.original_names) for layer in net if len(layer.original_names) > 1
        ],
    }, tuple(net.notes)
