"""What HailoRT's library and driver say of an installation or of a file, in the words that Python sees.

Most of these words name no path and no cause: those are in HailoRT's own log only.
"""

from __future__ import annotations

from typing import Final

from tasnet2hef.target.failures.next_commands import DOCTOR
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.known.evidence import Evidence

_RUN: Final = Evidence(
    source="libhailort 4.23.0, built from its public source and run without a device", grade="recorded"
)
_EMULATED: Final = Evidence(source="libhailort 4.23.0, run under an emulated driver", grade="recorded")
_SOURCE: Final = Evidence(source="hailo-ai/hailort, sources of 4.17 to 5.2", grade="documented")

SIGNATURES: Final = (
    Signature(
        id="binding-version",
        patterns=(r"(?:libhailort|_pyhailort) version \([^)\n]{0,40}\) does not match pyhailort version",),
        cause="HailoRT's Python package and its library are of different versions",
        fix="install the wheel of the library's version (`hailortcli --version` prints it)",
        evidence=_RUN,
        commands=(DOCTOR,),
    ),
    Signature(
        id="contiguous-memory",
        patterns=(r"HAILO_OUT_OF_HOST_CMA_MEMORY", r"HAILO_OUT_OF_HOST_MEMORY"),
        cause="the host has too little memory for the device's buffers (contiguous memory, CMA, on some boards)",
        fix="end other programs; on a Raspberry Pi reserve more with `dtoverlay=cma,cma-512` in "
        "/boot/firmware/config.txt",
        evidence=_SOURCE,
        commands=(DOCTOR,),
    ),
    Signature(
        id="driver-call",
        patterns=(
            r"HailoRTDriverOperationFailedException",
            r"HailoRTPCIeDriverException",
            r"HAILO_DRIVER_OPERATION_FAILED",
            r"HAILO_(?:PCIE_)?DRIVER_FAIL\b",
        ),
        cause="a call of the kernel's driver failed",
        fix="look at `dmesg | grep -i hailo` for the reason; reboot the machine",
        evidence=_RUN,
        commands=(DOCTOR,),
    ),
    Signature(
        id="driver-interface",
        patterns=(r"HAILO_DRIVER_INVALID_IOCTL",),
        cause="what stands behind the device's file is not the driver of this HailoRT: it does not know the call",
        fix="install the driver of HailoRT's version and reboot",
        evidence=_RUN,
        commands=(DOCTOR,),
    ),
    Signature(
        id="firmware-silent",
        patterns=(r"HAILO_DRIVER_TIMEOUT",),
        cause="the device's firmware does not answer",
        fix="switch the machine off and on (a reboot may not reset the device); reseat it",
        evidence=_EMULATED,
        commands=(DOCTOR,),
    ),
    Signature(
        id="hef-not-there",
        patterns=(r"HAILO_OPEN_FILE_FAILURE", r"HAILO_FILE_OPERATION_FAILURE"),
        cause="the HEF can't be opened, or is empty or cut short",
        fix="check the path and the file's size; copy the HEF again",
        evidence=_RUN,
        commands=(DOCTOR,),
    ),
    Signature(
        id="invalid-operation",
        patterns=(r"HailoRTInvalidOperationException", r"HAILO_INVALID_OPERATION"),
        cause="HailoRT refuses the call; so it does where the firmware was not loaded, and for buffers of "
        "another size",
        fix="see HailoRT's own log for the reason, and `dmesg | grep -i hailo` whether the firmware was loaded",
        evidence=_EMULATED,
        commands=(DOCTOR,),
    ),
    Signature(
        id="not-supported",
        patterns=(r"HAILO_NOT_SUPPORTED\b",),
        cause="this HailoRT does not support the device or the call: 4.x runs no Hailo-10H, 5.x no Hailo-8",
        fix="install HailoRT 5.x for Hailo-10H and 15, 4.x for Hailo-8 and 8L",
        evidence=_SOURCE,
        commands=(DOCTOR,),
    ),
    Signature(
        id="wheel-of-other-python",
        patterns=(r"No module named 'hailo_platform\.pyhailort\._pyhailort'",),
        cause="HailoRT's Python package was built for another version of Python than this one",
        fix="install the wheel for this Python (cp310, cp311 and so on in its name), or use the wheel's Python",
        evidence=_RUN,
        commands=(DOCTOR,),
    ),
)
