"""The vendor's runtime package, and a device on which several programs run in turn."""

from __future__ import annotations

import importlib
import os
import re
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from tasnet2hef.base.errors import DeviceError
from tasnet2hef.base.version import installed_versions
from tasnet2hef.runtime.backends.hailort.explain import LOG_FOLDER, explained

PACKAGE: Final = "hailo_platform"
DISTRIBUTION: Final = "hailort"
WHERE: Final = "device"
NUMPY_2_SINCE: Final = (5, 1, 1)


@dataclass(frozen=True)
class DeviceFacts:
    """A device as the runtime describes it; ``architecture`` is empty where it does not name one."""

    id: str
    architecture: str


@dataclass(frozen=True, eq=False)
class OpenDevice:
    """An open device with its runtime; programs on it are closed by the same stack."""

    runtime: Any
    device: Any
    stack: ExitStack


def load_runtime(where: str) -> Any:
    """Import ``hailo_platform``; ``where`` begins the message if that fails.

    Raises:
        DeviceError: it is not installed, or does not load.
    """
    _quieten()
    with explained(where):
        runtime = importlib.import_module(PACKAGE)
    _require_numpy(runtime, where)
    return runtime


def _quieten() -> None:
    """Send HailoRT's own lines, five to ten for a failure, to a file; what the user set counts.

    It reads both settings when it is imported. Source: real runs of 4.23.0; without them it also leaves a file
    ``hailort.log`` in the current folder.
    """
    os.environ.setdefault("HAILORT_CONSOLE_LOGGER_LEVEL", "critical")
    if LOG_FOLDER in os.environ:
        return
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tasnet2hef"
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    os.environ[LOG_FOLDER] = str(folder) if os.access(folder, os.W_OK) else "NONE"


def _require_numpy(runtime: Any, where: str) -> None:
    """Refuse NumPy 2 under a binding built for NumPy 1: it reads the size of every buffer as 0.

    Source: HailoRT's source pins pybind11 2.10.1 up to 5.1.0, and 2.13.6, which knows NumPy 2, from 5.1.1 on.
    """
    version = runtime_version(runtime)
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:3])
    if numbers and numbers < NUMPY_2_SINCE and int(numpy_version().partition(".")[0]) >= 2:
        raise DeviceError(
            f"{where}: found NumPy {numpy_version()} with HailoRT {version}, expected NumPy 1 before HailoRT "
            "5.1.1, whose Python package reads the size of every buffer as 0 with NumPy 2; pip install 'numpy<2' "
            "in this Python",
            "numpy-too-new",
        )


def numpy_version() -> str:
    """Return the version of NumPy that the binding would work with."""
    return np.__version__


def runtime_version(runtime: Any) -> str:
    """Return the version of the runtime's package, else of its installed wheel; empty where neither is known."""
    version = getattr(runtime, "__version__", "")
    if version:
        return str(version)
    return installed_versions([DISTRIBUTION]).get(DISTRIBUTION, "")


def has_infer_model(runtime: Any) -> bool:
    """Return whether the runtime has InferModel: from 4.18 on, and the only interface on 5.x (recorded)."""
    return hasattr(runtime.VDevice, "create_infer_model")


def open_device(runtime: Any, stack: ExitStack) -> OpenDevice:
    """Open a device until the stack is closed.

    The vendor's scheduler activates several programs in turn; without it, a program that was never activated
    returns zeros and no error (recorded, verdict imu-activate).

    Raises:
        DeviceError: there is none, or it can't be used.
    """
    with explained(WHERE):
        params = runtime.VDevice.create_params()
        params.scheduling_algorithm = runtime.HailoSchedulingAlgorithm.ROUND_ROBIN
        return OpenDevice(runtime, stack.enter_context(runtime.VDevice(params)), stack)


def device_facts(runtime: Any) -> tuple[DeviceFacts, ...]:
    """Open a device for a moment and describe its physical devices.

    The ids are recorded; ``get_physical_devices`` and ``control.identify`` are inferred from the vendor's public
    examples, and without them the architecture stays empty.

    Raises:
        DeviceError: there is none, or it can't be used.
    """
    with ExitStack() as stack, explained(WHERE):
        device = open_device(runtime, stack).device
        ids = [str(each) for each in device.get_physical_devices_ids()]
        physical = device.get_physical_devices() if hasattr(device, "get_physical_devices") else [None] * len(ids)
        return tuple(DeviceFacts(name, _architecture(each)) for name, each in zip(ids, physical, strict=True))


def _architecture(physical: Any) -> str:
    control: Any = getattr(physical, "control", None)
    if not hasattr(control, "identify"):
        return ""
    try:
        architecture = getattr(control.identify(), "device_architecture", "")
    except ValueError:  # a chip that this release's list lacks: the Hailo-12L in 5.2
        return ""
    return str(getattr(architecture, "name", architecture)).rpartition(".")[2].lower()
