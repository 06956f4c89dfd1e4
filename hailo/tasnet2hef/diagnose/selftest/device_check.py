"""Hardware, driver, runtime and program, held against each other before anything is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from tasnet2hef.base.errors import DeviceError
from tasnet2hef.runtime.backends.hailort.device import DeviceFacts, device_facts, load_runtime, runtime_version
from tasnet2hef.runtime.backends.hailort.sidecar import HefSidecar
from tasnet2hef.target.known.releases import pairing_of, release, spelt

DRIVER_VERSION: Final = Path("/sys/module/hailo_pci/version")
DEVICE_FILES: Final = Path("/dev")
ALSO_RUNS: Final[Mapping[str, tuple[str, ...]]] = {"hailo8": ("hailo8l",)}
"""Programs of other chips that a chip runs: YOLOv8s of hailo8l ran on hailo8 (recorded, wllmflower2460/Conv2d)."""

Verdict = Literal["ok", "warning", "missing", "broken"]


@dataclass(frozen=True)
class DeviceCheck:
    """One thing that was looked at; ``advice`` is empty where it is right."""

    what: str
    found: str
    verdict: Verdict
    advice: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return dict(vars(self))


@dataclass(frozen=True)
class DeviceState:
    """The device of this machine. ``problem`` is why nothing can run on it; empty where it can."""

    checks: tuple[DeviceCheck, ...]
    runtime: str = ""
    devices: tuple[DeviceFacts, ...] = ()
    problem: str = ""
    absent: bool = False
    """There is no runtime or no device here, which is no fault."""


def look_at_device(driver_file: Path = DRIVER_VERSION, device_files: Path = DEVICE_FILES) -> DeviceState:
    """Look for the runtime, the driver and the device."""
    checks: list[DeviceCheck] = []
    try:
        vendor = load_runtime("HailoRT")
    except DeviceError as error:
        return _without(checks, "runtime", error, absent=error.signature == "no-runtime")
    runtime = runtime_version(vendor)
    checks.append(DeviceCheck("runtime", runtime or "version not told", "ok" if runtime else "warning"))
    checks.append(_driver(driver_file, runtime))
    try:
        devices = device_facts(vendor)
    except DeviceError as error:
        # The runtime says the same of a device that is held by another program; its file tells the two apart.
        absent = error.signature == "no-device" and not any(device_files.glob("hailo[0-9]*"))
        return _without(checks, "device", error, absent=absent)
    told = ", ".join(f"{each.id} {each.architecture or '(chip not told)'}" for each in devices)
    return DeviceState((*checks, DeviceCheck("device", told, "ok")), runtime, devices)


def check_program(record: HefSidecar, state: DeviceState) -> tuple[DeviceCheck, ...]:
    """Hold a HEF against the device and its runtime, by its record."""
    return (*_hardware(record, state), *_pairing(record, state))


def _hardware(record: HefSidecar, state: DeviceState) -> list[DeviceCheck]:
    chips = [each.architecture.removesuffix("_a0") for each in state.devices if each.architecture]
    if not record.hardware or not chips:
        return []
    what, found = "HEF's chip", record.hardware
    if record.hardware in chips:
        return [DeviceCheck(what, found, "ok")]
    if any(record.hardware in ALSO_RUNS.get(chip, ()) for chip in chips):
        return [DeviceCheck(what, found, "warning", f"runs on {chips[0]}, slower than a program of its own")]
    return [
        DeviceCheck(what, found, "broken", f"expected {' or '.join(chips)}; compile again with --hw {chips[0]}")
    ]


def _pairing(record: HefSidecar, state: DeviceState) -> list[DeviceCheck]:
    known, runtime = pairing_of(record.compiler), release(state.runtime)
    if not record.compiler or runtime is None:
        return []
    what = "HEF's compiler"
    if known is None or not known.runtimes:
        return [DeviceCheck(what, record.compiler, "warning", "no HailoRT is on record for it")]
    if runtime in known.runtimes:
        return [DeviceCheck(what, record.compiler, "ok")]
    wanted = " or ".join(spelt(each) for each in known.runtimes)
    advice = (
        f"belongs to HailoRT {wanted}, found {state.runtime} ({known.grade}: {known.source}); install {wanted}"
    )
    return [DeviceCheck(what, record.compiler, "warning", advice)]


def _driver(driver_file: Path, runtime: str) -> DeviceCheck:
    try:
        driver = driver_file.read_text(encoding="utf-8").strip()
    except OSError:
        return DeviceCheck(
            "driver", "not loaded, or of another kind than hailo_pci", "warning", "`lsmod | grep hailo`"
        )
    if runtime and driver != runtime:
        advice = f"expected HailoRT's own version {runtime}; install the driver of that version and reboot"
        return DeviceCheck("driver", driver, "warning", advice)
    return DeviceCheck("driver", driver, "ok")


def _without(checks: list[DeviceCheck], what: str, error: DeviceError, *, absent: bool) -> DeviceState:
    found = DeviceCheck(what, "none" if absent else "not usable", "missing" if absent else "broken", str(error))
    return DeviceState((*checks, found), problem=str(error), absent=absent)
