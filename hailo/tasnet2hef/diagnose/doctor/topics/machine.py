"""The machine itself, as far as the compiler asks for it: processor, memory, disk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tasnet2hef.diagnose.doctor.diagnosis import OK, WARN, Diagnosis
from tasnet2hef.diagnose.doctor.facts import Facts

MEMORY_BYTES: Final = 16e9
DISK_BYTES: Final = 10e9
BY_JUDGEMENT: Final = "no figure on record"
PROCESSOR_SOURCE: Final = (
    "Hearable-Dongle/signal-processing-research: DFC 3.33.0 on x86-64 with AVX, Linux or WSL2"
)


def diagnose(facts: Facts) -> Iterator[Diagnosis]:
    """Judge what a compile needs; exporting, checking and separating need far less."""
    machine = facts.machine
    if machine.processor.lower() in ("x86_64", "amd64") and "avx" in machine.processor_flags:
        yield Diagnosis("processor", OK, f"{machine.processor} with AVX", "", PROCESSOR_SOURCE, "recorded")
    else:
        told = f"{machine.processor or 'unknown'}, expected x86_64 with AVX"
        advice = "compile on another machine; the device's runtime may well run here"
        yield Diagnosis("processor", WARN, told, advice, PROCESSOR_SOURCE, "recorded")
    yield _enough(
        "memory",
        machine.memory_bytes,
        MEMORY_BYTES,
        "",
        "close other programs, or set a shorter window, to compile",
    )
    yield _enough(
        "disk", machine.free_disk_bytes, DISK_BYTES, f" free at {machine.folder}", "make room, or use -o"
    )


def _enough(what: str, found: float, wanted: float, where: str, advice: str) -> Diagnosis:
    told = f"{found / 1e9:.1f} GB{where}"
    if found >= wanted:
        return Diagnosis(what, OK, told)
    return Diagnosis(
        what, WARN, f"{told}, {wanted / 1e9:.0f} GB wanted for the compiler", advice, BY_JUDGEMENT, "inferred"
    )
