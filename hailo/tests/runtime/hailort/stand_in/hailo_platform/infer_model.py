"""A stand-in for tests: InferModel (4.18 and later). UINT8, bytes counted, failures told to the callback alone."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import numpy as np

from hailo_platform.engine import Engine, to_type
from hailo_platform.settings import (
    SETTINGS,
    HailoRTException,
    HailoRTInvalidOperationException,
    HailoRTTimeout,
    asked_for,
    failure,
    strike,
)

BOUND: list[Any] = []
"""Every buffer that was bound, for tests of identity; kept only where ``keep_bound`` is set."""


class Edge:
    def __init__(self, end: dict[str, Any], types: Any) -> None:
        self.end, self.name, self.shape = end, end["name"], tuple(end["shape"])
        self.dtype: Any = np.dtype(np.uint8)
        self._types = types

    @property
    def quant_infos(self) -> list[Any]:
        """One entry, always; zeros where the HEF has a scale for each feature."""
        if self.end.get("scale_per_feature"):
            return [SimpleNamespace(qp_scale=0.0, qp_zp=0.0)]
        return [SimpleNamespace(qp_scale=self.end["scale"], qp_zp=self.end["zero_point"])]

    @property
    def bytes(self) -> int:
        return int(np.prod(self.shape)) * self.dtype.itemsize

    def set_format_type(self, wanted: Any) -> None:
        if not isinstance(wanted, self._types):
            raise TypeError("incompatible function arguments")
        self.dtype = np.dtype(wanted.name.lower())


class InferModel:
    def __init__(self, hef: Any, types: Any, device: Any) -> None:
        self.hef, self._device = hef, device
        self._inputs = {end["name"]: Edge(end, types) for end in hef.content["inputs"]}
        self._outputs = {end["name"]: Edge(end, types) for end in hef.content["outputs"]}

    def input(self, name: str = "") -> Edge:
        return self._inputs[name]

    def output(self, name: str = "") -> Edge:
        return self._outputs[name]

    def configure(self) -> ConfiguredInferModel:
        strike("configure")
        self._device.require_hardware(self.hef)
        return ConfiguredInferModel(Engine(self.hef.content), self._inputs, self._outputs, self._device.scheduled)


class Binding:
    def __init__(self, edge: Edge) -> None:
        self._edge, self.buffer = edge, None

    def set_buffer(self, buffer: Any) -> None:
        """Check neither shape nor type, as the library does not."""
        if not buffer.flags.c_contiguous:
            raise HailoRTException("Buffer must be C_CONTIGUOUS")
        if not buffer.flags.writeable:
            raise ValueError("array is not writeable")
        self.buffer = buffer
        if SETTINGS.get("keep_bound"):
            BOUND.append(buffer)

    def require_size(self) -> None:
        if self.buffer is None or self.buffer.nbytes != self._edge.bytes:  # type: ignore[unreachable]
            raise failure(HailoRTInvalidOperationException)


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
        self._jobs = 0

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
        """Start at once, on a thread of its own, which calls back; inputs must not change until then."""
        strike("run_async")
        for each in bindings:
            for binding in (*each.inputs.values(), *each.outputs.values()):
                binding.require_size()
        self._jobs += 1
        error = asked_for("job") if self._jobs > SETTINGS.get("good_jobs", 0) else None
        return AsyncInferJob(
            lambda: [self._compute(each, failed=error is not None) for each in bindings], error, callback
        )

    def _compute(self, bindings: Bindings, *, failed: bool) -> None:
        """Compute elsewhere and copy at the end; after a failure too, whatever is there then."""
        inputs = {name: _as_bound(each.buffer, self._inputs[name]) for name, each in bindings.inputs.items()}
        outputs = self._engine.run(inputs)
        for name, each in bindings.outputs.items():
            edge = self._outputs[name]
            values = to_type(outputs[name], edge.end, edge.dtype)
            if failed or not self._active:
                values = np.full_like(values, -edge.end["zero_point"] * edge.end["scale"] if failed else 0)
            each.buffer.reshape(-1).view(np.uint8)[:] = np.ascontiguousarray(values).reshape(-1).view(np.uint8)


def _as_bound(buffer: Any, edge: Edge) -> Any:
    return buffer.reshape(-1).view(np.uint8).view(edge.dtype).reshape(edge.shape)


class AsyncInferJob:
    """Ends well for who only waits: a failure is told to the callback, by keyword, before ``wait`` returns."""

    def __init__(self, work: Any, error: Any, callback: Any) -> None:
        def run() -> None:
            work()
            if callback is not None:
                callback(completion_info=SimpleNamespace(exception=error))

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()

    def wait(self, timeout_ms: int) -> None:
        strike("wait")
        self._thread.join(timeout_ms / 1000)
        if self._thread.is_alive():
            raise failure(HailoRTTimeout)
