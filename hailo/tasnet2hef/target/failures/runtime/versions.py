"""Incompatible versions of runtime, driver, firmware, Python packages and the HEF."""

from __future__ import annotations

from typing import Final

from tasnet2hef.target.failures.next_commands import DOCTOR
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.known.evidence import Evidence

SIGNATURES: Final = (
    Signature(
        id="driver-version",
        patterns=(
            r"HAILO_INVALID_DRIVER_VERSION|(?:Exception:|with error:) 76\b",
            r"[Dd]river version [^\n]{0,80}(?:mismatch|different)",
            r"[Dd]river version mismatch",
        ),
        cause="the kernel driver and HailoRT are of different versions, and must be of the same",
        fix=(
            "compare `cat /sys/module/hailo_pci/version` (hailo1x_pci on Hailo-10H since 5.3) with `hailortcli "
            "--version`; install the driver of HailoRT's version and reboot"
        ),
        evidence=Evidence(source="roflcoopter/viseron issues 1490 and 1144", grade="recorded"),
        commands=(DOCTOR,),
    ),
    Signature(
        id="firmware-version",
        patterns=(
            r"HAILO_UNSUPPORTED_FW_VERSION",
            r"HAILO_INVALID_FIRMWARE(?!_MAGIC)\w*",
            r"[Ff]irmware version [^\n]{0,80}(?:mismatch|different)",
        ),
        cause="the device's firmware and HailoRT are of different versions, and must be of the same",
        fix=(
            "reboot, so that the driver loads the firmware of its own version; `hailortcli fw-control identify`"
            " prints it"
        ),
        evidence=Evidence(
            source="community topics 13704 and 19032: a HEF of 3.33.1 on HailoRT 4.20.0, version or "
            "firmware error",
            grade="recorded",
        ),
        commands=(DOCTOR,),
    ),
    Signature(
        id="hef-other-hardware",
        patterns=(
            r"HailoRTHEFNotCompatibleWithDevice",
            r"HAILO_HEF_NOT_COMPATIBLE_WITH_DEVICE",
            r"HEF (?:format )?is not compatible with (?:the )?device",
            r"Device arch: \w{1,20}, HEF arch: \w{1,20}",
        ),
        cause="the HEF was compiled for another chip than this one",
        fix="compile again with the device's own --hw (a HEF for Hailo-8L runs on a Hailo-8, but not vice versa)",
        evidence=Evidence(
            source="hailo-ai/hailort v4.23.0, pyhailort.py; wllmflower2460/Conv2d: a YOLOv8s of hailo8l ran on "
            "hailo8",
            grade="documented",
        ),
        commands=(DOCTOR,),
    ),
    Signature(
        id="hef-version",
        patterns=(
            r"HailoRTInvalidHEF\w*",
            r"HAILO_INVALID_HEF",
            r"(?i:hef (?:format )?version)",
            r"HAILO_HEF_FILE_CORRUPTED|HAILO_HEF_NOT_SUPPORTED",
            r"periph bytes per buffer",
        ),
        cause="this HailoRT can't read the HEF: its compiler is newer, it was compiled for another chip (up to "
        "4.20 the words are the same), or the file is damaged",
        fix=(
            "pair them (compiler 3.30 with HailoRT 4.20, 3.31 with 4.21, 3.32 with 4.22, 3.33 with 4.23, 3.34 "
            "with 4.24, 5.x with 5.x), or copy the HEF again"
        ),
        evidence=Evidence(source="model zoo's change log; community topics 13704 and 19032", grade="recorded"),
        commands=(DOCTOR,),
    ),
    Signature(
        id="library-version",
        patterns=(
            r"libhailort\.so[\w.]{0,30}: cannot open shared object",
            r"libhailort\S{0,40}: undefined symbol",
        ),
        cause="the Python package hailo_platform belongs to another version of HailoRT's library than the one "
        "that is installed (4.x is for Hailo-8, 5.x for Hailo-10H and 15)",
        fix="install the wheel of the installed library's version (`hailortcli --version`)",
        evidence=Evidence("hailo-ai/hailo-rpi5-examples issue 193", "recorded"),
        commands=(DOCTOR,),
        machine=True,
    ),
    Signature(
        id="no-runtime",
        patterns=(r"No module named 'hailo_platform'",),
        cause="HailoRT's Python package (hailo_platform) is not installed in this Python",
        fix=(
            "install the HailoRT wheel of the driver's version here (the vendor's download area, with a login),"
            " or run the ONNX file with --backend onnxruntime"
        ),
        evidence=Evidence(
            source="Hearable-Dongle/signal-processing-research, hailo/workarounds.md", grade="recorded"
        ),
        commands=(DOCTOR,),
        machine=True,
    ),
    Signature(
        id="not-implemented",
        patterns=(
            r"HAILO_NOT_IMPLEMENTED",
            r"HailoRTNotImplemented\w*",
            r"use InferModel instead",
            r"create_configure_params\S{0,4} on H1\w{1,4}",
        ),
        cause=(
            "this HailoRT does not support this call for its device: streams (InferVStreams) do not exist on "
            "Hailo-10H and 15"
        ),
        fix=(
            "use HailoRT 4.18 or later for Hailo-8, 5.x for Hailo-10H and 15; both have InferModel, which is "
            "then used"
        ),
        evidence=Evidence(source="community topic 18979", grade="recorded"),
        commands=(DOCTOR,),
    ),
    Signature(
        id="numpy-too-new",
        patterns=(
            r"compiled using NumPy 1\.x",
            r"numpy\.core\.multiarray failed to import",
            r"_ARRAY_API not found",
            r"was removed in (?:the )?NumPy 2|module 'numpy' has no attribute|numpy\.dtype size changed",
            r"does not match the frame count!? \(Expected \d{1,12}, got 0\)",
        ),
        cause="this NumPy is too new for HailoRT's Python package (with NumPy 2 an old one may also see arrays of "
        "0 bytes)",
        fix="pip install 'numpy<2' in this Python",
        evidence=Evidence(source="hailo-ai/hailort v4.23.0, pyhailort.py: needs numpy < 2", grade="documented"),
        commands=(DOCTOR,),
    ),
)
