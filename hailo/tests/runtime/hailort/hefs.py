"""Writes the text files that the stand-in takes for HEFs, from ONNX files."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx

LOUD = "STAND-IN FOR TESTS: NOT MADE BY THE HAILO DATAFLOW COMPILER"


def save_hef(
    model: Path,
    *,
    hardware: str = "hailo8",
    named: bool = True,
    ranges: dict[str, float] | None = None,
    code_type: str = "UINT8",
    **changes: Any,
) -> Path:
    """Write ``model.hef``: streams called as the compiler calls them, outputs in the reverse order.

    ``named`` keeps the original names; ``ranges`` are the greatest absolute values by port, 1 where not given;
    ``changes`` go to every end (``order``, ``shape``) or, as ``networks``, to the file.
    """
    proto = onnx.load(str(model), load_external_data=False)
    makers = {tensor: node.name for node in proto.graph.node for tensor in node.output}

    def readers(tensor: str) -> list[str]:
        return [node.name or tensor for node in proto.graph.node if tensor in node.input][:1]

    networks = changes.pop("networks", ["net"])

    def end(value: onnx.ValueInfoProto, stream: str) -> dict[str, Any]:
        _, channels, height, width = (axis.dim_value for axis in value.type.tensor_type.shape.dim)
        scale, zero_point = codes_of((ranges or {}).get(value.name, 1.0), code_type)
        return {
            "port": value.name,
            "name": stream,
            # As in real HEFs: an output has the nodes of its layer, an input those of the layer that reads it.
            "originals": ([makers[value.name] or value.name] if value.name in makers else readers(value.name))
            if named
            else [],
            "shape": [height, width, channels],
            "type": code_type,
            "order": "FCR" if value.name in makers else "NHWC",  # as in real HEFs
            "scale": scale,
            "zero_point": zero_point,
            **changes,
        }

    content = {
        "onnx": base64.b64encode(model.read_bytes()).decode(),
        "hardware": hardware,
        "networks": networks,
        "inputs": [end(each, f"net/input_layer{n}") for n, each in enumerate(proto.graph.input, start=1)],
        "outputs": [end(each, f"net/conv{n}") for n, each in enumerate(proto.graph.output, start=1)],
    }
    if named:
        content["outputs"] = content["outputs"][::-1]
    path = model.with_suffix(".hef")
    path.write_text(f"{LOUD}\n{json.dumps(content)}", encoding="utf-8")
    return path


def codes_of(greatest: float, code_type: str) -> tuple[float, float]:
    """Return scale and zero point of a type for -greatest to greatest."""
    top = float(np.iinfo(code_type.lower()).max)
    return 2 * greatest / (top - 1), (top + 1) / 2
