"""Reads what an ONNX graph says of itself, and what the compiler's parser is predicted to make of it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import onnx

from tasnet2hef.base.errors import GraphError
from tasnet2hef.base.graph_contract import METADATA_KEY, GraphContract, metadata_of
from tasnet2hef.target.files.summary import End, FileSummary, fused_layer, size_of
from tasnet2hef.target.graph.cost import summarise
from tasnet2hef.target.graph.loader import graph_of_model, read_model
from tasnet2hef.target.graph.parser import parse


def read_onnx(path: str | Path) -> FileSummary:
    """Read what an ONNX graph says of itself; shapes are those of the graph, None where an axis is left open.

    Raises:
        GraphError: not an ONNX model.
        InputError: no regular file.
    """
    file = Path(path)
    size = size_of(file)
    model = read_model(file)
    stored = {tensor.name for tensor in model.graph.initializer}
    details = {
        "name": model.graph.name or None,
        "producer": " ".join((model.producer_name, model.producer_version)).strip() or None,
        "opset": {entry.domain or "ai.onnx": entry.version for entry in model.opset_import},
        "nodes": len(model.graph.node),
    }
    record, record_notes = _record(model, file)
    predicted, notes = _predicted(model, file)
    return FileSummary(
        path=file,
        format="onnx",
        size_bytes=size,
        axes="as the graph has them",
        inputs=_ends(value for value in model.graph.input if value.name not in stored),
        outputs=_ends(model.graph.output),
        details={**details, "record": record, **predicted},
        notes=(*record_notes, *notes),
    )


def _ends(values: Iterable[onnx.ValueInfoProto]) -> tuple[End, ...]:
    return tuple(End(value.name, _shape(value)) for value in values)


def _shape(value: onnx.ValueInfoProto) -> tuple[int | None, ...]:
    sizes = value.type.tensor_type.shape.dim
    return tuple(size.dim_value if size.HasField("dim_value") else None for size in sizes)


def _record(model: onnx.ModelProto, file: Path) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    """Return this project's own record of an export; a note where it is damaged, nothing for a foreign graph."""
    metadata = metadata_of(model)
    if METADATA_KEY not in metadata:
        return None, ()
    try:
        made = GraphContract.from_metadata(metadata, str(file))
    except GraphError as error:
        return None, (str(error),)
    spec = made.spec
    return {
        "version": made.version,
        "sources": spec.n_src,
        "sample_rate_hz": spec.sample_rate,
        "window_samples": made.window_samples,
        "layout": made.layout,
        "norm": made.norm,
        "residual": made.residual,
        "streams": made.streams,
        "stateful": made.stateful,
        "segment": f"{made.segment} of {made.segments}",
    }, ()


def _predicted(model: onnx.ModelProto, file: Path) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the layers that the compiler's parser will make, or why that can't be told."""
    try:
        net = parse(graph_of_model(model, file))
    except GraphError as error:
        return {"predicted": None}, (f"no layers are predicted: {error}",)
    cost = summarise(net)
    return {
        "predicted": {
            "layers_parsed": cost.parsed_layers,
            "layers_compiled": cost.compiled_layers,
            "weights": cost.weights,
        },
        "layers": dict(cost.layers_by_type),
        "fused_layers": [
            fused_layer(layer.name, layer.original_names) for layer in net if len(layer.original_names) > 1
        ],
    }, tuple(net.notes)
