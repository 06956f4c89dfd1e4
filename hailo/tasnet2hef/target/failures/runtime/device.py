"""Failures of the device itself: absent, busy, without permission for this user, or not answering."""

from __future__ import annotations

from typing import Final

from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.known.evidence import Evidence

SIGNATURES: Final = (
    Signature(
        id="device-busy",
        patterns=(r"HAILO_DEVICE_IN_USE", r"Device or resource busy"),
        cause="another program holds the device",
        fix="end it (`fuser /dev/hailo0` names it), or let both use the vendor's multi-process service",
        evidence=Evidence(source="hailo-ai/hailort, names of hailo_status (hailort.h)", grade="inferred"),
        commands=(),
    ),
    Signature(
        id="no-device",
        patterns=(r"HAILO_OUT_OF_PHYSICAL_DEVICES", r"not enough free devices"),
        cause="HailoRT found no device that is free",
        fix=(
            "plug it in and see that `hailortcli scan` lists it (driver loaded? `lsmod | grep hailo`); if it is"
            " listed, another program holds it: end that program"
        ),
        evidence=Evidence(source="hailo-ai/hailort, names of hailo_status (hailort.h)", grade="inferred"),
        commands=(),
    ),
    Signature(
        id="no-permission",
        patterns=(r"/dev/hailo\d+.*[Pp]ermission denied", r"with error 13\b"),
        cause="this user may not open the device's file",
        fix=(
            "`ls -l /dev/hailo*`; install the driver's udev rule, or add the user to the file's group and log "
            "in again"
        ),
        evidence=Evidence(source="hailo-ai/hailort, names of hailo_status (hailort.h)", grade="inferred"),
        commands=(),
    ),
    Signature(
        id="stream-aborted",
        patterns=(r"HailoRTStreamAborted\w*", r"HAILO_STREAM_ABORT\w*"),
        cause="HailoRT ended the stream, as it does when the device is lost or an earlier error stopped it",
        fix="look at `dmesg | grep -i hailo` for the first error; reseat or reboot the device",
        evidence=Evidence(source="hailo-ai/hailort v4.23.0, pyhailort.py", grade="documented"),
        commands=(),
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
        commands=(),
    ),
)
