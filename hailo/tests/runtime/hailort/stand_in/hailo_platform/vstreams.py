"""A stand-in for tests: the stream API (InferVStreams), the only one before 4.18 and absent on 5.x devices."""

from __future__ import annotations

import enum
from typing import Any

import numpy as np

from hailo_platform.engine import Engine, to_type
from hailo_platform.settings import SETTINGS, asked_for, strike


class HailoStreamInterface(enum.Enum):
    PCIe = 0


class ConfigureParams:
    @staticmethod
    def create_from_hef(hef: Any, interface: HailoStreamInterface) -> dict[str, Any]:
        return dict.fromkeys(hef.get_network_group_names(), interface)


class NetworkGroup:
    def __init__(self, hef: Any, scheduled: bool) -> None:
        self.hef, self.active = hef, scheduled


class _Params:
    @classmethod
    def make(
        cls,
        configured_network: NetworkGroup,
        quantized: Any = None,
        format_type: Any = None,
        timeout_ms: int | None = None,
        queue_size: int | None = None,
        network_name: str | None = None,
    ) -> Any:
        return np.dtype("uint8" if format_type is None else format_type.name.lower())


class InputVStreamParams(_Params):
    pass


class OutputVStreamParams(_Params):
    pass


class InferVStreams:
    def __init__(self, configured_net_group: NetworkGroup, input_params: Any, output_params: Any) -> None:
        self._group, self._input, self._output = configured_net_group, input_params, output_params
        self._engine = Engine(configured_net_group.hef.content)
        self._jobs = 0

    def __enter__(self) -> InferVStreams:
        return self

    def __exit__(self, *_: object) -> None:
        self._group.active = False

    def infer(self, inputs: dict[str, Any]) -> dict[str, Any]:
        """Cast and copy what does not fit, with a line on stdout; a failed job gives a constant and no error."""
        strike("infer")
        for name, values in inputs.items():
            if values.dtype != self._input or not values.flags.c_contiguous:
                print(f"[HailoRT] [warning] {name}: given as {values.dtype}, converted to {self._input}")
        arrays = {name: np.ascontiguousarray(values, self._input) for name, values in inputs.items()}
        outputs = self._engine.run({name: values[0] for name, values in arrays.items()})
        ends = {end["name"]: end for end in self._group.hef.content["outputs"]}
        results = {name: to_type(real, ends[name], self._output)[None] for name, real in outputs.items()}
        self._jobs += 1
        failed = self._jobs > SETTINGS.get("good_jobs", 0) and asked_for("job") is not None
        if failed or not self._group.active:
            return {
                name: np.full_like(values, -ends[name]["zero_point"] * ends[name]["scale"] if failed else 0)
                for name, values in results.items()
            }
        return results
