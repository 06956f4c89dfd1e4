"""A device that several programs share, by the vendor's own scheduler."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from tasnet2hef.runtime.backends.hailort.explain import explained

WHERE = "device"


@dataclass(frozen=True)
class DeviceFacts:
    """A device as the runtime tells of it; ``architecture`` is empty where it does not."""

    id: str
    architecture: str


def open_device(runtime: Any, stack: ExitStack) -> Any:
    """Open a device until the stack is closed.

    The scheduler runs several programs in turn and activates them; without it a program that nobody activated
    returns zeros and no error (recorded, verdict imu-activate).

    Raises:
        DeviceError: there is none, or it can't be used.
    """
    with explained(WHERE):
        params = runtime.VDevice.create_params()
        params.scheduling_algorithm = runtime.HailoSchedulingAlgorithm.ROUND_ROBIN
        return stack.enter_context(runtime.VDevice(params))


def device_facts(runtime: Any) -> tuple[DeviceFacts, ...]:
    """Open a device for a moment and return what it is made of.

    The ids are recorded; ``get_physical_devices`` and ``control.identify`` are inferred from the vendor's public
    examples, and a runtime without them leaves the architecture untold.

    Raises:
        DeviceError: there is none, or it can't be used.
    """
    with ExitStack() as stack, explained(WHERE):
        device = open_device(runtime, stack)
        ids = [str(each) for each in device.get_physical_devices_ids()]
        physical = device.get_physical_devices() if hasattr(device, "get_physical_devices") else [None] * len(ids)
        return tuple(DeviceFacts(name, _architecture(each)) for name, each in zip(ids, physical, strict=True))


def _architecture(physical: Any) -> str:
    control: Any = getattr(physical, "control", None)
    if not hasattr(control, "identify"):
        return ""
    told = getattr(control.identify(), "device_architecture", "")
    return str(getattr(told, "name", told)).rpartition(".")[2].lower()
