"""Failures of the device itself: absent, busy, without permission for this user, or not answering."""

from __future__ import annotations

from typing import Final

from tasnet2hef.target.failures.next_commands import DOCTOR
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.known.evidence import Evidence

_STATUS: Final = Evidence(source="hailo-ai/hailort, names of hailo_status (hailort.h)", grade="inferred")

SIGNATURES: Final = (
    Signature(
        id="desc-page-size",
        patterns=(r"max_desc_page_size given", r"bigger than (?:the )?hw max desc page size", r"desc_page_size"),
        cause="HailoRT asks for DMA pages that are larger than this computer's PCIe allows (boards with kernel "
        "pages of 16 kB)",
        fix="put `options hailo_pci force_desc_page_size=4096` into /etc/modprobe.d/hailo_pci.conf and reboot",
        evidence=Evidence("public logs (Raspberry Pi 5)", "recorded"),
        commands=(DOCTOR,),
    ),
    Signature(
        id="device-busy",
        patterns=(r"HAILO_DEVICE_IN_USE", r"Device or resource busy"),
        cause="another program holds the device",
        fix="end it (`fuser /dev/hailo0` names it), or let both use the vendor's multi-process service",
        evidence=_STATUS,
        commands=(DOCTOR,),
    ),
    Signature(
        id="driver-missing",
        patterns=(r"HAILO_(?:PCIE_)?DRIVER_NOT_INSTALLED",),
        cause="the kernel driver is not loaded",
        fix="install the driver of HailoRT's version and reboot; `lsmod | grep hailo` shows it",
        evidence=_STATUS,
        commands=(DOCTOR,),
    ),
    Signature(
        id="input-size",
        patterns=(
            r"does not match the frame count!? \(Expected \d{1,12}, got [1-9]",
            r"[Bb]uffer size \d{1,12} is different than expected",
        ),
        cause="the data handed to HailoRT is of another size than the program's input: other shape, or other type "
        "(float32 is four bytes a value, uint8 one)",
        fix="give the shape and type that `tasnet2hef inspect` shows for the input, batch included",
        evidence=Evidence("hailo-ai/hailort v4.23.0, vstream checks; community topic 4962", "recorded"),
        commands=(DOCTOR,),
    ),
    Signature(
        id="no-device",
        patterns=(r"HAILO_OUT_OF_PHYSICAL_DEVICES", r"not enough free devices"),
        cause="HailoRT found no device that is free",
        fix=(
            "plug it in and see that `hailortcli scan` lists it (driver loaded? `lsmod | grep hailo`); if it is"
            " listed, another program holds it: end that program"
        ),
        evidence=_STATUS,
        commands=(DOCTOR,),
    ),
    Signature(
        id="no-permission",
        patterns=(
            r"/dev/(?:hailo|h1x-)\d{1,4}[^\n]{0,200}[Pp]ermission denied",
            r"with error 13\b",
        ),
        cause="this user may not open the device's file",
        fix=(
            "`ls -l /dev/hailo*`; install the driver's udev rule, or add the user to the file's group and log "
            "in again"
        ),
        evidence=_STATUS,
        commands=(DOCTOR,),
    ),
    Signature(
        id="not-activated",
        patterns=(
            r"HAILO_NETWORK_GROUP_NOT_ACTIVATED|(?:Exception:|with error:) 69\b",
            r"before its network group is activated",
        ),
        cause="data was sent to a network that is not active: without the scheduler a program has to activate it",
        fix="put the inference inside `with network_group.activate():`, or let the scheduler do it (VDevice with "
        "ROUND_ROBIN, InferModel), as `tasnet2hef separate` does",
        evidence=Evidence("public log (Raspberry Pi 5); hailo-ai/hailort v4.23.0", "recorded"),
        commands=(DOCTOR,),
    ),
    Signature(
        id="service",
        patterns=(
            r"HAILO_INVALID_SERVICE_VERSION|(?:Exception:|with error:) 7[78]\b",
            r"HAILO_RPC_FAILED",
            r"CHECK_GRPC_STATUS failed",
            r"HAILO_SERVICE_\w{1,40}",
            r"hailort[._ ]service\b[^\n]{0,80}(?:not running|failed|unavailable)",
        ),
        cause="HailoRT's multi-process service (hailort_service) is of another version than the library, or died",
        fix="install the service of the library's version, then `sudo systemctl restart hailort.service`; or do "
        "without it (multi_process_service=False)",
        evidence=Evidence("DeGirum/hailo_examples issues 9 and 12", "recorded"),
        commands=(DOCTOR,),
    ),
    Signature(
        id="stream-aborted",
        patterns=(r"HailoRTStreamAborted\w*", r"HAILO_STREAM_ABORT\w*"),
        cause="HailoRT ended the stream, as it does when the device is lost or an earlier error stopped it",
        fix="look at `dmesg | grep -i hailo` for the first error; reseat or reboot the device",
        evidence=Evidence(source="hailo-ai/hailort v4.23.0, pyhailort.py", grade="documented"),
        commands=(DOCTOR,),
    ),
    Signature(
        id="timed-out",
        patterns=(r"HailoRTTimeout", r"HAILO_TIMEOUT"),
        cause="the device did not answer in time",
        fix=(
            "check with `hailortcli fw-control identify` whether it answers at all, else reboot it; another "
            "program may keep it busy"
        ),
        evidence=Evidence(source="hailo-ai/hailort v4.23.0, pyhailort.py", grade="documented"),
        commands=(DOCTOR,),
    ),
)
