"""Whether device, driver, runtime and HEF fit together, examined before a HEF is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tasnet2hef.base.errors import DeviceError
from tasnet2hef.base.outcome import ERROR, MISSING, OK, WARNING, Status
from tasnet2hef.diagnose.doctor.diagnosis import Diagnosis
from tasnet2hef.diagnose.doctor.gather import MODULES, THIS, loaded_driver
from tasnet2hef.diagnose.doctor.topics.pairing import pair
from tasnet2hef.diagnose.doctor.topics.runtime import driver
from tasnet2hef.runtime.backends.hailort.device import DeviceFacts, device_facts, load_runtime, runtime_version
from tasnet2hef.runtime.backends.hailort.explain import DEVICE_FOLDER, device_files
from tasnet2hef.runtime.backends.hailort.sidecar import HefSidecar
from tasnet2hef.target.known.releases import parse_release

ALSO_RUNS: Final[Mapping[str, tuple[str, ...]]] = {
    "hailo8": ("hailo8l",),
    "hailo10h": ("hailo15h", "hailo15m"),
    "hailo15h": ("hailo10h", "hailo15m"),
}
"""Programs of other chips that a chip runs: YOLOv8s of hailo8l ran on hailo8 (recorded, wllmflower2460/Conv2d);
hailo10h and hailo15h share programs, and run those of hailo15m (documented, source of HailoRT 5.2)."""


@dataclass(frozen=True)
class DeviceState:
    """The device of this machine. ``problem`` is why nothing can run on it; empty where it can."""

    diagnoses: tuple[Diagnosis, ...]
    runtime: str = ""
    devices: tuple[DeviceFacts, ...] = ()
    problem: str = ""
    absent: bool = False
    """There is no runtime or no device here, which is not an error."""


def examine_device(modules: Path = MODULES, device_folder: Path = DEVICE_FOLDER) -> DeviceState:
    """Load the runtime, read the driver's version and open the device for a moment."""
    try:
        vendor = load_runtime("HailoRT")
    except DeviceError as error:
        return _unusable([], "runtime", error, absent=error.signature == "no-runtime")
    runtime = runtime_version(vendor)
    status: Status = OK if runtime else WARNING
    diagnoses = [Diagnosis("runtime", status, runtime or "no version"), _driver(modules, runtime)]
    try:
        devices = device_facts(vendor)
    except DeviceError as error:
        # The runtime reports a device that another program holds as absent too; its file tells the two apart.
        nothing = ("no-device", "driver-missing")
        absent = error.signature in nothing and not device_files(device_folder)
        return _unusable(diagnoses, "device", error, absent=absent)
    names = ", ".join(f"{each.id} {each.architecture or '(unknown chip)'}" for each in devices)
    return DeviceState((*diagnoses, Diagnosis("device", OK, names)), runtime, devices)


def diagnose_hef(record: HefSidecar, device: DeviceState) -> tuple[Diagnosis, ...]:
    """Compare a HEF, by its sidecar, with the device and its runtime."""
    return (*_chip(record, device), *_releases(record, device))


def _chip(record: HefSidecar, device: DeviceState) -> list[Diagnosis]:
    chips = [each.architecture.removesuffix("_a0") for each in device.devices if each.architecture]
    if not record.hardware or not chips:
        return []
    what, compiled_for = "HEF's chip", record.hardware
    if record.hardware in chips:
        return [Diagnosis(what, OK, compiled_for)]
    if any(record.hardware in ALSO_RUNS.get(chip, ()) for chip in chips):
        return [Diagnosis(what, WARNING, compiled_for, f"runs on {chips[0]}, slower than a HEF compiled for it")]
    return [
        Diagnosis(what, ERROR, compiled_for, f"expected {' or '.join(chips)}; compile again with --hw {chips[0]}")
    ]


def _releases(record: HefSidecar, device: DeviceState) -> list[Diagnosis]:
    if not record.compiler or parse_release(device.runtime) is None:
        return []
    diagnosis = pair(f"HEF of DFC {record.compiler} with HailoRT", record.compiler, device.runtime)
    # The run that follows decides, so a pair that the doctor calls an error is tried as well.
    return [replace(diagnosis, status=WARNING) if diagnosis.status == ERROR else diagnosis]


def _driver(modules: Path, runtime: str) -> Diagnosis:
    module, version = loaded_driver(modules)
    diagnosis = driver(version, [(THIS, runtime)] if runtime else [], module=module)
    # The HEF that is about to run decides: a missing driver is more than the doctor's `missing`, another one less.
    return replace(diagnosis, status=WARNING) if diagnosis.status in (MISSING, ERROR) else diagnosis


def _unusable(diagnoses: list[Diagnosis], what: str, error: DeviceError, *, absent: bool) -> DeviceState:
    status: Status = MISSING if absent else ERROR
    diagnosis = Diagnosis(what, status, "none" if absent else "not usable", str(error))
    return DeviceState((*diagnoses, diagnosis), problem=str(error), absent=absent)
