"""A STAND-IN FOR TESTS. THIS IS NOT HAILORT AND DRIVES NO DEVICE.

It behaves as libhailort 4.23.0 did where that was run (built from its public source, under an emulated driver),
and as the sources of 4.17 to 5.2 say: which call is in which version, parameter names, UINT8 as the default type,
sizes counted in bytes, failures of a job told to its callback alone while the buffers hold a constant, classes and
sentences of errors by version, lines on stderr and in a log. ``get_physical_devices`` and ``control.identify`` are
inferred. Its "HEF" is a text file that holds an ONNX graph, which ONNX Runtime computes. What it proves is the
backend's conduct; it proves nothing of a real device. ``STAND_IN_HAILORT`` (JSON) sets the version and has calls
fail.
"""

from __future__ import annotations

import enum
import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import hailo_platform.pyhailort._pyhailort  # noqa: F401  # as the vendor's package does
from hailo_platform.infer_model import InferModel
from hailo_platform.settings import (
    SETTINGS,
    VERSION,
    HailoRTException,
    HailoRTHEFNotCompatibleWithDevice,
    HailoRTInvalidHEFException,
    HailoRTNotFoundException,
    failure,
    status,
    strike,
)
from hailo_platform.vstreams import (
    ConfigureParams,
    HailoStreamInterface,
    InferVStreams,
    InputVStreamParams,
    NetworkGroup,
    OutputVStreamParams,
)

__version__ = SETTINGS.get("version", "4.23.0")
__all__ = [
    "HEF",
    "ConfigureParams",
    "FormatType",
    "HailoRTException",
    "HailoSchedulingAlgorithm",
    "HailoStreamInterface",
    "InferVStreams",
    "InputVStreamParams",
    "OutputVStreamParams",
    "VDevice",
]

LOUD = "STAND-IN FOR TESTS: NOT MADE BY THE HAILO DATAFLOW COMPILER"


class FormatType(enum.Enum):
    AUTO = 0
    UINT8 = 1
    UINT16 = 2
    FLOAT32 = 3


class HailoSchedulingAlgorithm(enum.Enum):
    NONE = 0
    ROUND_ROBIN = 1


class HEF:
    """Reads the text that stands for a HEF; ``streams`` maps a stream's name to what it is."""

    def __init__(self, source: str) -> None:
        strike("HEF")
        if not Path(source).exists():
            raise status(13)
        if not Path(source).is_file() or Path(source).stat().st_size < 24:
            raise status(14) if VERSION >= (4, 21) else failure(HailoRTInvalidHEFException)
        text = Path(source).read_bytes().decode("utf-8", "replace")
        if LOUD not in text:
            raise status(92) if VERSION >= (4, 21) else failure(HailoRTInvalidHEFException)
        self.content: dict[str, Any] = json.loads(text.split("\n", 1)[1])

    def get_network_group_names(self) -> list[str]:
        return list(self.content["networks"])

    def get_input_vstream_infos(self, name: str | None = None) -> list[Any]:
        return [_info(each) for each in self.content["inputs"]]

    def get_output_vstream_infos(self, name: str | None = None) -> list[Any]:
        return [_info(each) for each in self.content["outputs"]]

    def get_original_names_from_vstream_name(self, vstream_name: str) -> list[str]:
        ends = (*self.content["inputs"], *self.content["outputs"])
        if vstream_name not in [each["name"] for each in ends]:
            raise failure(HailoRTNotFoundException)
        return [str(name) for each in ends if each["name"] == vstream_name for name in each["originals"]]


class VDevice:
    """Released at the end of a ``with`` block; ``open_devices`` counts."""

    open_devices = 0

    def __init__(self, params: Any = None, *, device_ids: Any = None) -> None:
        strike("VDevice")
        self.scheduled = params is not None and params.scheduling_algorithm is HailoSchedulingAlgorithm.ROUND_ROBIN
        self.architecture = SETTINGS.get("architecture", "HAILO8")

    @staticmethod
    def create_params() -> Any:
        return _Params()

    def __enter__(self) -> VDevice:
        VDevice.open_devices += 1
        return self

    def __exit__(self, *_: object) -> None:
        VDevice.open_devices -= 1

    def get_physical_devices_ids(self) -> list[str]:
        return ["0000:01:00.0"]

    def get_physical_devices(self) -> list[Any]:
        board = SimpleNamespace(device_architecture=SimpleNamespace(name=self.architecture))
        return [SimpleNamespace(control=SimpleNamespace(identify=lambda: board))]

    def configure(self, hef: HEF, configure_params_by_name: Any = None) -> list[NetworkGroup]:
        if VERSION >= (5, 0):
            raise HailoRTException("libhailort failed with error: 7 (HAILO_NOT_IMPLEMENTED)")
        self.require_hardware(hef)
        return [NetworkGroup(hef, self.scheduled)]

    def require_hardware(self, hef: HEF) -> None:
        if hef.content["hardware"].upper() != self.architecture:
            raise failure(HailoRTHEFNotCompatibleWithDevice if VERSION >= (4, 21) else HailoRTInvalidHEFException)


class _Params:
    """Takes no other attribute, and no other type, than the library's."""

    __slots__ = ("_algorithm",)

    def __init__(self) -> None:
        self._algorithm = HailoSchedulingAlgorithm.NONE

    @property
    def scheduling_algorithm(self) -> HailoSchedulingAlgorithm:
        return self._algorithm

    @scheduling_algorithm.setter
    def scheduling_algorithm(self, algorithm: HailoSchedulingAlgorithm) -> None:
        if not isinstance(algorithm, HailoSchedulingAlgorithm):
            raise TypeError("incompatible function arguments")
        self._algorithm = algorithm


def _create_4_18(self: VDevice, hef_source: str, network_name: str = "") -> InferModel:
    return _create(self, hef_source, network_name)


def _create_4_19(self: VDevice, hef_source: str, name: str = "") -> InferModel:
    return _create(self, hef_source, name)


def _create(device: VDevice, hef_source: str, name: str) -> InferModel:
    return InferModel(HEF(hef_source), FormatType, device)


if VERSION >= (4, 18):
    VDevice.create_infer_model = _create_4_18 if VERSION < (4, 19) else _create_4_19  # type: ignore[attr-defined]


def _info(end: dict[str, Any]) -> Any:
    return SimpleNamespace(
        name=end["name"],
        shape=tuple(end["shape"]),
        format=SimpleNamespace(type=FormatType[end["type"]], order=SimpleNamespace(name=end["order"])),
        quant_info=SimpleNamespace(qp_scale=end["scale"], qp_zp=end["zero_point"]),
    )


if os.environ.get("STAND_IN_HAILORT_IMPORT"):
    raise ImportError(os.environ["STAND_IN_HAILORT_IMPORT"])
