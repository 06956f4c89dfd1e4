"""What the compiler needs of the machine: processor, memory, disk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tasnet2hef.base.outcome import OK, WARNING
from tasnet2hef.diagnose.doctor.diagnosis import Diagnosis
from tasnet2hef.diagnose.doctor.facts import Facts, Machine

MEMORY_BYTES: Final = 16e9
LEAST_MEMORY_BYTES: Final = 8e9
DISK_BYTES: Final = 10e9
BY_JUDGEMENT: Final = "no figure on record"
PROCESSOR_SOURCE: Final = (
    "Hearable-Dongle/signal-processing-research: DFC 3.33.0 on x86-64 with AVX, Linux or WSL2"
)


def diagnose(facts: Facts) -> Iterator[Diagnosis]:
    """Diagnose whether a compile can run here; exporting, checking and separating need far less."""
    machine = facts.machine
    if runs_compiler(machine):
        yield Diagnosis("processor", OK, f"{machine.processor} with AVX", "", PROCESSOR_SOURCE, "recorded")
    else:
        found = f"{machine.processor or 'unknown'}, expected x86_64 with AVX"
        advice = "compile on another machine; the device's runtime may well run here"
        yield Diagnosis("processor", WARNING, found, advice, PROCESSOR_SOURCE, "recorded")
    advice = "close other programs, or set a shorter window, to compile"
    yield _enough("memory", machine.memory_bytes, MEMORY_BYTES, "", advice)
    where = f" free at {machine.folder}"
    yield _enough("disk", machine.free_disk_bytes, DISK_BYTES, where, "make room, or use -o")


def runs_compiler(machine: Machine) -> bool:
    """Return whether the compiler runs on this processor at all."""
    return machine.processor.lower() in ("x86_64", "amd64") and "avx" in machine.processor_flags


def _enough(what: str, size_bytes: float, needed_bytes: float, where: str, advice: str) -> Diagnosis:
    found = f"{size_bytes / 1e9:.1f} GB{where}"
    if size_bytes >= needed_bytes:
        return Diagnosis(what, OK, found)
    found = f"{found}, {needed_bytes / 1e9:.0f} GB wanted for the compiler"
    return Diagnosis(what, WARNING, found, advice, BY_JUDGEMENT, "inferred")
