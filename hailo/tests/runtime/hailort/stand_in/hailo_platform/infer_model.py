"""A stand-in for tests: InferModel (4.18 and later). UINT8, checked buffers, no ``timeout_ms`` in run."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from hailo_platform.engine import Engine, to_type
from hailo_platform.settings import SETTINGS, HailoRTException, strike

BOUND: list[Any] = []
"""Every buffer that was bound, for tests of identity; kept only where ``keep_bound`` is set."""


class Edge:
    def __init__(self, end: dict[str, Any], types: Any) -> None:
        self.end, self.name, self.shape = end, end["name"], tuple(end["shape"])
        self.dtype: Any = np.uint8
        self._types = types

    @property
    def quant_infos(self) -> list[Any]:
        return [SimpleNamespace(qp_scale=self.end["scale"], qp_zp=self.end["zero_point"])]

    def set_format_type(self, wanted: Any) -> None:
        assert isinstance(wanted, self._types), "a FormatType"
        self.dtype = np.dtype(wanted.name.lower())


class InferModel:
    def __init__(self, hef: Any, types: Any, scheduled: bool) -> None:
        self.hef, self._scheduled = hef, scheduled
        self._inputs = {end["name"]: Edge(end, types) for end in hef.content["inputs"]}
        self._outputs = {end["name"]: Edge(end, types) for end in hef.content["outputs"]}

    def input(self, name: str = "") -> Edge:
        return self._inputs[name]

    def output(self, name: str = "") -> Edge:
        return self._outputs[name]

    def configure(self) -> ConfiguredInferModel:
        strike("configure")
        return ConfiguredInferModel(Engine(self.hef.content), self._inputs, self._outputs, self._scheduled)


class Binding:
    def __init__(self, edge: Edge) -> None:
        self._edge, self.buffer = edge, None

    def set_buffer(self, buffer: Any) -> None:
        if not buffer.flags.c_contiguous:
            raise HailoRTException("buffer is not C-contiguous")
        if buffer.shape != self._edge.shape or buffer.dtype != self._edge.dtype:
            raise HailoRTException(
                f"buffer of {buffer.shape} {buffer.dtype}, expected {self._edge.shape} {self._edge.dtype}"
            )
        self.buffer = buffer
        if SETTINGS.get("keep_bound"):
            BOUND.append(buffer)


class Bindings:
    def __init__(self, inputs: dict[str, Edge], outputs: dict[str, Edge]) -> None:
        self.inputs = {name: Binding(edge) for name, edge in inputs.items()}
        self.outputs = {name: Binding(edge) for name, edge in outputs.items()}

    def input(self, name: str = "") -> Binding:
        return self.inputs[name]

    def output(self, name: str = "") -> Binding:
        return self.outputs[name]


class ConfiguredInferModel:
    def __init__(self, engine: Engine, inputs: dict[str, Edge], outputs: dict[str, Edge], scheduled: bool) -> None:
        self._engine, self._inputs, self._outputs = engine, inputs, outputs
        self._active = scheduled

    def __enter__(self) -> ConfiguredInferModel:
        return self

    def __exit__(self, *_: object) -> None:
        self._active = False

    def activate(self) -> None:
        self._active = True

    def create_bindings(self, input_buffers: Any = None, output_buffers: Any = None) -> Bindings:
        return Bindings(self._inputs, self._outputs)

    def wait_for_async_ready(self, timeout_ms: int = 1000, frames_count: int = 1) -> None:
        strike("wait_for_async_ready")

    def run(self, bindings: list[Bindings], timeout: int) -> None:
        self.run_async(bindings).wait(timeout)

    def run_async(self, bindings: list[Bindings], callback: Any = None) -> AsyncInferJob:
        strike("run_async")
        return AsyncInferJob(lambda: [self._compute(each) for each in bindings])

    def _compute(self, bindings: Bindings) -> None:
        outputs = self._engine.run({name: each.buffer for name, each in bindings.inputs.items()})
        for name, each in bindings.outputs.items():
            edge = self._outputs[name]
            assert each.buffer is not None, f"no buffer bound to {name}"
            each.buffer[:] = to_type(outputs[name], edge.end, edge.dtype) if self._active else 0


class AsyncInferJob:
    """Computes when it is waited for, so that who does not wait sees it."""

    def __init__(self, work: Any) -> None:
        self._work = work

    def wait(self, timeout_ms: int) -> None:
        strike("wait")
        self._work()
