"""One session in which every border can be switched between float, 8 and 16 bits from run to run.

Each border's tensor passes through ``If(quantised)``: an Identity, or QuantizeLinear and DequantizeLinear whose
scale and zero point are inputs. Weights are inputs too. Measured on two busy cores with the full default net, 2
s: 0.25 s a window against 0.13 s float (batch norm), 0.37 s against 0.18 s (gLN).

Sixteen bits use the operators of ``com.microsoft``, in ONNX Runtime since 1.16 and independent of the graph's
opset (the standard ones support 16 bits from opset 21 on).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import onnx
from onnx import TensorProto, helper

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.graph_contract import INPUT_NAME, GraphContract, output_names
from tasnet2hef.quantize.borders import Border
from tasnet2hef.quantize.lifted_model import LiftedModel
from tasnet2hef.quantize.number_format import ActivationFormat
from tasnet2hef.runtime.backends import Memory, StepBackend
from tasnet2hef.runtime.backends.frames import frames_to_tensor, tensor_to_frames, to_nchw, to_nhwc
from tasnet2hef.runtime.backends.host_part import HostEnds
from tasnet2hef.runtime.backends.onnxruntime import open_cpu_session

OLDEST_RUNTIME: Final = (1, 16)
DOMAIN: Final = "com.microsoft"
Feeds = dict[str, Any]


def add_switches(lifted: LiftedModel, borders: Sequence[Border]) -> onnx.ModelProto:
    """Return a copy of a lifted graph with a switch at each border."""
    model = onnx.ModelProto()
    model.CopyFrom(lifted.model)
    graph = model.graph
    for border in borders:
        source = _rename_unswitched(graph, border.tensor)
        place = _after(graph, source)
        graph.node.insert(place, _switch(border, source, _switched_name(graph, border.tensor)))
        for suffix, kind in _FEEDS.items():
            graph.input.append(helper.make_tensor_value_info(f"{border.layer}/{suffix}", kind, []))
    del graph.value_info[:]
    if not any(opset.domain == DOMAIN for opset in model.opset_import):
        model.opset_import.append(helper.make_opsetid(DOMAIN, 1))
    return model


_FEEDS: Final = {
    "quantised": TensorProto.BOOL,
    "wide": TensorProto.BOOL,
    "scale": TensorProto.FLOAT,
    "zero_point_8": TensorProto.UINT8,
    "zero_point_16": TensorProto.UINT16,
}


def format_feeds(border: str, chosen: ActivationFormat | None) -> Feeds:
    """Return the feeds that set one border to a format, or to float."""
    known = chosen or ActivationFormat(1.0, 0)
    wide = known.bits > 8
    return {
        f"{border}/quantised": np.array(chosen is not None),
        f"{border}/wide": np.array(wide),
        f"{border}/scale": np.array(known.scale, np.float32),
        f"{border}/zero_point_8": np.array(0 if wide else known.zero_point, np.uint8),
        f"{border}/zero_point_16": np.array(known.zero_point if wide else 0, np.uint16),
    }


def open_session(model: onnx.ModelProto, threads: int | None) -> Any:
    """Open a session that keeps the graph's borders apart (no fusion across them)."""
    import onnxruntime

    version = tuple(int(part) for part in onnxruntime.__version__.split(".")[:2])
    if version < OLDEST_RUNTIME:
        raise OptionError(
            f"onnxruntime: found {onnxruntime.__version__}, expected 1.16 or later, which can quantise to 16 "
            "bits; pip install -U onnxruntime"
        )
    return open_cpu_session(
        model.SerializeToString(),
        threads,
        # In the file's order: a probe runs right after its tensor (full gLN net: 0.3 GB, and 2.0 GB without).
        execution_order=onnxruntime.ExecutionOrder.PRIORITY_BASED,
        graph_optimization_level=onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    )


class SwitchableNet:
    """The session; `with_feeds` returns backends that run it, each at one choice of formats and weights.

    ``ends`` are the host's encoder and decoders around a chip part: they run in float, outside of the session.
    """

    def __init__(
        self,
        lifted: LiftedModel,
        borders: Sequence[Border],
        contract: GraphContract,
        threads: int | None = None,
        ends: HostEnds | None = None,
    ) -> None:
        self.contract = contract
        self._ends = ends
        self._inputs = [port.name for port in lifted.model.graph.input]
        self._outputs = [port.name for port in lifted.model.graph.output]
        self._session = open_session(add_switches(lifted, borders), threads)
        self._sources = list(output_names(contract.spec.n_src))

    def with_feeds(self, feeds: Mapping[str, Any]) -> SimulatedBackend:
        """Return a backend that holds these feeds; all of them share the one session."""
        return SimulatedBackend(self, dict(feeds))

    def run_step(
        self, frames: Samples, memory: Memory, feeds: Mapping[str, Any]
    ) -> tuple[Samples, dict[str, Samples]]:
        """Map ``[row, sample of the row]`` to ``[source, row, sample of the row]`` and the next memory."""
        if self._ends is not None:
            return self._run_between(self._ends, frames, feeds), {}
        window = frames_to_tensor(frames, self.contract)
        names = [*self._sources, *self.contract.next_state_names]
        values = self._session.run(names, {**feeds, **memory, INPUT_NAME: window})
        sources = values[: len(self._sources)]
        after = dict(zip(memory, values[len(sources) :], strict=True))
        return np.stack([tensor_to_frames(source, self.contract) for source in sources]), after

    def _run_between(self, ends: HostEnds, frames: Samples, feeds: Mapping[str, Any]) -> Samples:
        """Encode, compute the masks, decode; the decoder takes the representation as it was before rounding."""
        encoded = ends.encode(frames)
        taken = {name: to_nchw(value) for name, value in encoded.items() if name in self._inputs}
        masks = self._session.run(self._outputs, {**feeds, **taken})
        return ends.decode(
            encoded | {name: to_nhwc(mask) for name, mask in zip(self._outputs, masks, strict=True)}
        )


class SimulatedBackend(StepBackend):
    """A net at one choice of precisions, used in place of ONNX Runtime or a device."""

    def __init__(self, net: SwitchableNet, feeds: Feeds) -> None:
        self._net = net
        self._feeds = feeds

    @property
    def contract(self) -> GraphContract:
        """The graph's contract."""
        return self._net.contract

    def run_step(self, frames: Samples, memory: Memory) -> tuple[Samples, Memory]:
        """Run one chunk like ``run``; also return the next memory, rounded like the layers that compute it."""
        return self._net.run_step(frames, memory, self._feeds)


def _switch(border: Border, source: str, output: str) -> Any:
    """Make ``If(quantised) {If(wide) {16 bits} else {8 bits}} else {Identity}``."""
    name = border.layer
    depths = [_round_trip(name, source, bits) for bits in (16, 8)]
    inner = helper.make_node(
        "If", [f"{name}/wide"], [f"{name}/rounded"], then_branch=depths[0], else_branch=depths[1]
    )
    rounded = helper.make_graph([inner], f"{name}/quantise", [], [_output(f"{name}/rounded")])
    copied = helper.make_node("Identity", [source], [f"{name}/copied"])
    plain = helper.make_graph([copied], f"{name}/float", [], [_output(f"{name}/copied")])
    return helper.make_node(
        "If", [f"{name}/quantised"], [output], name=f"{name}/border", then_branch=rounded, else_branch=plain
    )


def _round_trip(name: str, source: str, bits: int) -> Any:
    scale, zero = f"{name}/scale", f"{name}/zero_point_{bits}"
    code, real = f"{name}/code_{bits}", f"{name}/real_{bits}"
    nodes = [
        helper.make_node("QuantizeLinear", [source, scale, zero], [code], domain=DOMAIN),
        helper.make_node("DequantizeLinear", [code, scale, zero], [real], domain=DOMAIN),
    ]
    return helper.make_graph(nodes, f"{name}/{bits}_bits", [], [_output(real)])


def _output(name: str) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, None)


def _is_input(graph: Any, tensor: str) -> bool:
    return any(value.name == tensor for value in graph.input)


def _switched_name(graph: Any, tensor: str) -> str:
    return f"{tensor}/at_border" if _is_input(graph, tensor) else tensor


def _rename_unswitched(graph: Any, tensor: str) -> str:
    """Rename the border's tensor where it is computed, so that all readers read the switch; return its new name.

    The graph's own input keeps its name; its readers read another tensor instead.
    """
    if _is_input(graph, tensor):
        for node in graph.node:
            for place, name in enumerate(node.input):
                if name == tensor:
                    node.input[place] = f"{tensor}/at_border"
        return tensor
    for node in graph.node:
        for place, name in enumerate(node.output):
            if name == tensor:
                node.output[place] = f"{tensor}/exact"
    return f"{tensor}/exact"


def _after(graph: Any, tensor: str) -> int:
    """Return the place right after the node that computes ``tensor``."""
    return next((place + 1 for place, node in enumerate(graph.node) if tensor in node.output), 0)
