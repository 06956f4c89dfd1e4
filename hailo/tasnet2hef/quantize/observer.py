"""Runs a float graph over calibration windows and records statistics of each border, in one pass.

Per border: extremes per channel over all values, and a histogram of one row in sixteen (other rows each window).
Per convolution: the mean of its input per channel. The reductions run inside the graph, so that a window returns
a sixteenth of its activations, not all of them: memory is constant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import GraphError, OptionError
from tasnet2hef.quantize.borders import Border
from tasnet2hef.quantize.histogram import Histogram
from tasnet2hef.quantize.lifted_model import LiftedModel
from tasnet2hef.quantize.switchable_net import open_session
from tasnet2hef.target.graph.onnx_node import Shape

STEP: Final = 16
SHORTEST_STEPPED: Final = 64
"""Tensors of fewer rows are counted whole."""


@dataclass(eq=False)
class Observed:
    """Calibration statistics: by layer, extremes ``[channel]`` and histograms; by tensor, means ``[channel]``."""

    histograms: dict[str, Histogram] = field(default_factory=dict)
    lows: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    highs: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    means: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    windows: int = 0


def observe(
    lifted: LiftedModel,
    borders: Sequence[Border],
    shapes: Mapping[str, Shape],
    windows: Iterable[Mapping[str, Samples]],
    threads: int | None = None,
) -> Observed:
    """Run windows, NCHW by the graph's inputs, through the float graph and return the statistics.

    Raises:
        GraphError: a layer's output is NaN or infinite.
        OptionError: there are no windows.
    """
    probe = _Probe(lifted, borders, shapes, threads)
    seen = Observed()
    for window in windows:
        probe.note(window, seen)
    if not seen.windows:
        raise OptionError("calibration: found 0 windows, expected at least 1; calibrate again")
    return seen


class _Probe:
    """A session with the extremes, means and samples of all borders as outputs."""

    def __init__(
        self, lifted: LiftedModel, borders: Sequence[Border], shapes: Mapping[str, Shape], threads: int | None
    ) -> None:
        self.model = onnx.ModelProto()
        self.model.CopyFrom(lifted.model)
        self.values = lifted.values
        self.borders = borders
        self.sources = {slot.source for slot in lifted.slots}
        opset = next(entry.version for entry in self.model.opset_import if entry.domain in ("", "ai.onnx"))
        self.axes_are_input = opset >= 18
        self._constant("probe/start", np.zeros(1, np.int64), fed=True)
        self._constant("probe/end", np.array([np.iinfo(np.int64).max], np.int64))
        self._constant("probe/step", np.array([STEP], np.int64))
        self.outputs: list[str] = []
        self.probes: dict[str, list[Any]] = {}
        for border in borders:
            shape = shapes.get(border.tensor) or shapes.get(border.inverse_of) or ()
            self._extremes(border.tensor, len(shape))
            self._sample(border.tensor, shape)
        for source in sorted(self.sources):
            self._mean(source, len(shapes.get(source, ())))
        _place(self.model.graph, self.probes)
        self.session = open_session(self.model, threads)

    def note(self, window: Mapping[str, Samples], seen: Observed) -> None:
        """Run one window and add its statistics."""
        start = np.array([seen.windows % STEP], np.int64)
        results = self.session.run(self.outputs, {**self.values, **window, "probe/start": start})
        values = dict(zip(self.outputs, results, strict=True))
        for border in self.borders:
            _note_border(border, values, seen)
        for source in self.sources:
            mean = values[f"{source}/mean"].reshape(-1).astype(np.float64)
            seen.means[source] = seen.means.get(source, 0.0) + (mean - seen.means.get(source, 0.0)) / (
                seen.windows + 1
            )
        seen.windows += 1

    def _constant(self, name: str, value: NDArray[np.int64], *, fed: bool = False) -> None:
        if fed:
            self.model.graph.input.append(helper.make_tensor_value_info(name, TensorProto.INT64, value.shape))
        else:
            self.model.graph.initializer.append(onnx.numpy_helper.from_array(value, name))

    def _extremes(self, tensor: str, rank: int) -> None:
        axes = [axis for axis in range(rank) if axis != 1]
        self._reduce("ReduceMin", tensor, f"{tensor}/low", axes)
        self._reduce("ReduceMax", tensor, f"{tensor}/high", axes)

    def _mean(self, tensor: str, rank: int) -> None:
        self._reduce("ReduceMean", tensor, f"{tensor}/mean", [axis for axis in range(rank) if axis != 1])

    def _reduce(self, operator: str, tensor: str, output: str, axes: list[int]) -> None:
        if self.axes_are_input:
            self._constant(f"{output}/axes", np.array(axes, np.int64))
            node = helper.make_node(operator, [tensor, f"{output}/axes"], [output], keepdims=0)
        else:
            node = helper.make_node(operator, [tensor], [output], axes=axes, keepdims=0)
        self._add(tensor, node, output)

    def _sample(self, tensor: str, shape: Shape) -> None:
        """Take every sixteenth row of a long tensor, all of a short one."""
        output = f"{tensor}/sample"
        axis = max(range(2, len(shape)), key=lambda place: shape[place], default=0)
        if len(shape) < 3 or shape[axis] < SHORTEST_STEPPED:
            self._add(tensor, helper.make_node("Identity", [tensor], [output]), output)
            return
        self._constant(f"{output}/axis", np.array([axis], np.int64))
        ends = ["probe/start", "probe/end", f"{output}/axis", "probe/step"]
        self._add(tensor, helper.make_node("Slice", [tensor, *ends], [output]), output)

    def _add(self, tensor: str, node: Any, output: str) -> None:
        self.probes.setdefault(tensor, []).append(node)
        self.model.graph.output.append(helper.make_tensor_value_info(output, TensorProto.FLOAT, None))
        self.outputs.append(output)


def _place(graph: Any, probes: Mapping[str, Sequence[Any]]) -> None:
    """Put each probe right after the node whose tensor it reads, so that the tensor is not kept to the end."""
    nodes = [probe for value in graph.input for probe in probes.get(value.name, ())]
    for node in graph.node:
        nodes.append(node)
        nodes += [probe for tensor in node.output for probe in probes.get(tensor, ())]
    copies = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(copies)


def _note_border(border: Border, values: Mapping[str, Any], seen: Observed) -> None:
    name, tensor = border.layer, border.tensor
    low, high = np.atleast_1d(values[f"{tensor}/low"]), np.atleast_1d(values[f"{tensor}/high"])
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        raise GraphError(
            f"layer {name} ({', '.join(border.original_names)}): found NaN or infinite values in calibration "
            f"window {seen.windows + 1}, expected finite ones; check the model's weights"
        )
    histogram = seen.histograms.setdefault(name, Histogram())
    histogram.note_extremes(float(low.min()), float(high.max()))
    histogram.count(values[f"{tensor}/sample"])
    seen.lows[name] = np.minimum(seen.lows.get(name, low), low)
    seen.highs[name] = np.maximum(seen.highs.get(name, high), high)
