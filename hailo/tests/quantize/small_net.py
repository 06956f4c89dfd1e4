"""A Conv-TasNet of 12 channels written node by node: every kind of border, and no need for torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tasnet2hef.base.graph_contract import INPUT_NAME, METADATA_KEY, GraphContract, output_names
from tasnet2hef.base.spec import TasNetSpec

STRIDE, FILTERS, BOTTLENECK, HIDDEN = 8, 16, 6, 12


class NetWriter:
    """Nodes and weights of a graph in the making; a tensor is called as the node that makes it."""

    def __init__(self, seed: int) -> None:
        self.nodes: list[Any] = []
        self.weights: list[Any] = []
        self.generator = np.random.default_rng(seed)

    def node(self, operator: str, name: str, *inputs: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(operator, list(inputs), [name], name=name, **attributes))
        return name

    def weight(self, name: str, values: Any) -> str:
        self.weights.append(numpy_helper.from_array(np.asarray(values, np.float32), name))
        return name

    def conv(
        self, name: str, source: str, shape: tuple[int, int, int], loud: float = 1.0, **attributes: Any
    ) -> str:
        """Add a convolution of kernel (k, 1); ``loud`` is the gain of its first channel."""
        out, read, kernel = shape
        weights = self.generator.normal(0, 1.2 / np.sqrt(read * kernel), (out, read, kernel, 1))
        weights[0] *= loud
        bias = self.generator.normal(0, 0.05, out)
        inputs = (source, self.weight(f"{name}/weight", weights), self.weight(f"{name}/bias", bias))
        return self.node("Conv", name, *inputs, kernel_shape=[kernel, 1], **attributes)

    def norm(self, name: str, source: str, frames: int) -> str:
        """Add a norm over channels and frames, as an export writes it."""
        mean = self.mean(f"{name}/mean", source, frames)
        centred = self.node("Sub", f"{name}/centred", source, mean)
        squared = self.node("Mul", f"{name}/squared", centred, centred)
        variance = self.mean(f"{name}/variance", squared, frames)
        total = self.node("Add", f"{name}/epsilon", variance, self.weight(f"{name}/epsilon/value", 1e-8))
        deviation = self.node("Sqrt", f"{name}/deviation", total)
        return self.node("Div", f"{name}/normalised", centred, deviation)

    def mean(self, name: str, source: str, frames: int) -> str:
        over = self.node("ReduceMean", f"{name}/channels", source, axes=[1], keepdims=1)
        sizes = {"kernel_shape": [frames, 1], "strides": [frames, 1]}
        return self.node("AveragePool", f"{name}/frames", over, **sizes)


def save_net(path: Path, *, window_frames: int = 99, seed: int = 0, loud: float = 1.0, bias: float = 0.0) -> Path:
    """Save a net of two sources at 8 kHz with windows of 100 ms for 99 frames."""
    writer = NetWriter(seed)
    frames = window_frames
    encoder = writer.conv("encoder", INPUT_NAME, (FILTERS, STRIDE, 2))
    normed = writer.norm("bottleneck_norm", encoder, frames)
    state = writer.conv("bottleneck", normed, (BOTTLENECK, FILTERS, 1))
    expanded = writer.conv("tcn_00/expand", state, (HIDDEN, BOTTLENECK, 1), loud)
    active = writer.node("LeakyRelu", "tcn_00/expand_activation", expanded, alpha=0.2)
    deep = writer.conv("tcn_00/depthwise", active, (HIDDEN, 1, 3), group=HIDDEN, pads=[1, 0, 1, 0])
    deep = writer.node("LeakyRelu", "tcn_00/depthwise_activation", deep, alpha=-0.3)
    residual = writer.conv("tcn_00/residual", deep, (BOTTLENECK, HIDDEN, 1))
    state = writer.node("Add", "tcn_00/residual_sum", state, residual)
    sources = []
    for number, name in enumerate(output_names(2), start=1):
        mask = writer.conv(f"masks/source_{number}", state, (FILTERS, BOTTLENECK, 1))
        mask = writer.node("Sigmoid", f"masks/activation_{number}", mask)
        masked = writer.node("Mul", f"{name}/masked", encoder, mask)
        writer.conv(f"{name}/decoder", masked, (STRIDE, FILTERS, 2), pads=[1, 0, 1, 0])
        writer.nodes[-1].output[0] = name
        sources.append(name)
    return _save(path, writer, window_frames)


def _save(path: Path, writer: NetWriter, window_frames: int) -> Path:
    spec = TasNetSpec.from_options({"n_src": 2, "n_filters": FILTERS, "kernel_size": 16, "stride": STRIDE})
    contract = GraphContract(spec=spec, window_frames=window_frames, norm="exact")
    return save_graph(path, writer.nodes, writer.weights, contract)


def save_graph(path: Path, nodes: list[Any], weights: list[Any], contract: GraphContract) -> Path:
    """Save nodes as a graph from the frames to the sources that the contract promises."""
    shape = contract.input_shape
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info(INPUT_NAME, TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, shape) for n in output_names(contract.spec.n_src)],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    helper.set_model_props(model, {METADATA_KEY: contract.to_json()})
    onnx.save(model, str(path))
    return path


def babble(seconds: float, seed: int, level: float = 0.1) -> np.ndarray:
    """Return noise and a gliding tone with the slow loudness of speech, ``[sample]`` at 8 kHz."""
    generator = np.random.default_rng(seed)
    samples = round(seconds * 8000)
    knots = np.arange(0, samples + 800, 800)
    loudness = np.interp(np.arange(samples), knots, generator.random(len(knots)))
    noise = generator.standard_normal(samples)
    pitch_hz = np.interp(np.arange(samples), knots, generator.uniform(100, 3000, len(knots)))
    glide = np.sin(2 * np.pi * np.cumsum(pitch_hz) / 8000)
    return (level * loudness * (0.5 * noise + 1.2 * glide)).astype(np.float32)
