"""A graph with real metadata and no training: source 1 is the positive part of its input, source 2 the rest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from tasnet2hef.base.graph_contract import INPUT_NAME, METADATA_KEY, GraphContract, output_names
from tasnet2hef.base.spec import TasNetSpec


def make_contract(
    *,
    n_src: int = 2,
    window_frames: int = 99,
    layout: str = "tall",
    norm: str = "exact",
    streams: int = 1,
    **options: Any,
) -> GraphContract:
    """By default 8 kHz, kernel 16, stride 8: windows of 800 samples, 0.1 s."""
    spec = TasNetSpec.from_options({"n_src": n_src, **options})
    return GraphContract(spec=spec, window_frames=window_frames, layout=layout, norm=norm, streams=streams)


def sign_split_nodes(gains: Sequence[float]) -> list[onnx.NodeProto]:
    """Source 1 is the positive part of the input, source 2 the negative one, each times its gain."""
    return [
        helper.make_node("Relu", [INPUT_NAME], ["positive"]),
        helper.make_node("Sub", [INPUT_NAME, "positive"], ["negative"]),
        helper.make_node("Constant", [], ["gain_1"], value_float=float(gains[0])),
        helper.make_node("Constant", [], ["gain_2"], value_float=float(gains[1])),
        helper.make_node("Mul", ["positive", "gain_1"], ["source_1"]),
        helper.make_node("Mul", ["negative", "gain_2"], ["source_2"]),
    ]


def save_graph(
    path: Path,
    contract: GraphContract,
    *,
    gains: Sequence[float] = (1.0, 1.0),
    record: str | None = None,
    input_shape: Sequence[int | str] | None = None,
) -> Path:
    """Save a sign-splitting graph of two sources that says of itself what an exported one does."""
    shape = contract.input_shape
    graph = helper.make_graph(
        sign_split_nodes(gains),
        "sign_split",
        [helper.make_tensor_value_info(INPUT_NAME, TensorProto.FLOAT, input_shape or shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in output_names(2)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    text = contract.to_json() if record is None else record
    if text:
        helper.set_model_props(model, {METADATA_KEY: text})
    onnx.save(model, path)
    return path


class SignSplit:
    """The same net without a graph; ``orders`` gives the order of its sources, one per run, over and over."""

    def __init__(self, contract: GraphContract, orders: Sequence[Sequence[int]] = ((0, 1),)) -> None:
        self.contract = contract
        self.orders = orders
        self.runs = 0

    def run(self, frames: np.ndarray) -> np.ndarray:
        order = self.orders[self.runs % len(self.orders)]
        self.runs += 1
        return np.stack([np.maximum(frames, 0), np.minimum(frames, 0)])[list(order)]
