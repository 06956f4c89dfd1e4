"""What a machine can do, and the one next step on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tasnet2hef.base.outcome import ERROR
from tasnet2hef.diagnose.doctor.diagnosis import Diagnosis
from tasnet2hef.diagnose.doctor.facts import Facts
from tasnet2hef.target.known.releases import pairing_of


@dataclass(frozen=True)
class Abilities:
    """What works here, from a checkpoint to a device."""

    converts: bool
    """PyTorch and ONNX Runtime are in one environment."""
    simulates: bool
    compiles_for: tuple[str, ...]
    """Chips of the compiler that is installed."""
    runs_on: tuple[str, ...]
    """Ids of the devices that HailoRT opened."""

    @property
    def sentence(self) -> str:
        """Return what this machine can do, and what it can't."""
        can, lacks = [*self._can()], [*self._lacks()]
        able = f"this machine can {_joined(can)}" if can else "this machine can do nothing yet"
        return f"{able}; it can't {_joined(lacks, 'or')}" if lacks else able

    @property
    def next_step(self) -> str:
        """Return the command to begin with."""
        if self.runs_on and not self.converts:
            return "tasnet2hef selftest my_model.hef"
        if not self.converts:
            return "make onnx-env"
        return "tasnet2hef convert MODEL.pth --calib-audio RECORDINGS/ -o build/"

    def _can(self) -> Iterator[str]:
        if self.converts:
            yield "convert"
        if self.simulates:
            yield "simulate"
            yield "separate on the processor"
        if self.compiles_for:
            yield f"compile for {_joined(self.compiles_for)}"
        if self.runs_on:
            yield f"run on the device {_joined(self.runs_on)}"

    def _lacks(self) -> Iterator[str]:
        if not self.converts:
            yield "convert (no PyTorch)"
        if not self.compiles_for:
            yield "compile (no compiler that works)"
        if not self.runs_on:
            yield "run on a device (no HailoRT with a device that works)"


def abilities_of(facts: Facts, diagnoses: Sequence[Diagnosis]) -> Abilities:
    """Return what a machine can do; what is diagnosed as an error does not count as able."""
    broken = [each.what for each in diagnoses if each.status == ERROR]
    packages = [each.packages for each in facts.environments]
    pairing = pairing_of(facts.compiler) if facts.compiler else None
    chips = pairing.hardware if pairing else (("the chips of its release",) if facts.compiler else ())
    devices = tuple(dict.fromkeys(device for each in facts.environments for device in each.devices))
    return Abilities(
        converts=any(each.get("torch") and each.get("onnxruntime") for each in packages),
        simulates=any(each.get("onnxruntime") for each in packages),
        compiles_for=() if _any_of(broken, "compiler", "processor") else chips,
        runs_on=() if _any_of(broken, "runtime", "driver", "device", "HailoRT") else devices,
    )


def _any_of(broken: Sequence[str], *topics: str) -> bool:
    return any(what.startswith(topics) for what in broken)


def _joined(words: Sequence[str], last: str = "and") -> str:
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else words[0]
