"""Runs every stage that is there, from ONNX to the device, on the same speech, and says where it breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tasnet2hef.base.errors import InputError, RefusedError, Tasnet2HefError
from tasnet2hef.base.graph_contract import GraphContract
from tasnet2hef.diagnose.selftest.device_check import DeviceCheck, DeviceState, check_program, look_at_device
from tasnet2hef.diagnose.selftest.nets import NetFiles, find_nets
from tasnet2hef.diagnose.selftest.stage import FLOAT_FLOOR_DB, QUANTISED_FLOOR_DB, Stage, device_floor_db, judge
from tasnet2hef.runtime.backends import Backend
from tasnet2hef.runtime.backends.hailort.backend import HailoRtBackend
from tasnet2hef.runtime.backends.hailort.program import RunOptions
from tasnet2hef.runtime.backends.hailort.sidecar import read_sidecar
from tasnet2hef.runtime.backends.segments import open_graph
from tasnet2hef.runtime.reference_clips import Reference, read_reference
from tasnet2hef.runtime.speech_windows import separate_clips, speech_clips

CLIPS: Final = 2
"""Windows of the shipped speech, where no reference is stored."""
FLOAT, SEGMENTS, SIMULATED = "float ONNX", "float ONNX, segments", "8 bits, simulated"
DEVICE: Final = {"float": "device, float borders", "quantised": "device, quantised borders"}
Progress = Callable[[float, float], None]


@dataclass(frozen=True)
class NetResult:
    """One net's stages; ``reference`` says what they are held against."""

    name: str
    reference: str
    stages: tuple[Stage, ...]
    checks: tuple[DeviceCheck, ...] = ()

    @property
    def broken(self) -> tuple[Stage, ...]:
        """Return the stages that are broken, in their order."""
        return tuple(stage for stage in self.stages if stage.outcome == "broken")

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "name": self.name,
            "reference": self.reference,
            "stages": [stage.to_json() for stage in self.stages],
            "program": [check.to_json() for check in self.checks],
        }


@dataclass(frozen=True)
class SelfTest:
    """All nets of a folder, and the device."""

    nets: tuple[NetResult, ...]
    device: DeviceState | None
    """None where no HEF asks for one."""

    @property
    def broken(self) -> tuple[str, ...]:
        """Return what is broken, net by net."""
        return tuple(f"{net.name}: {stage.name}" for net in self.nets for stage in net.broken)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        checks = () if self.device is None else self.device.checks
        return {
            "outcome": "broken" if self.broken else "good",
            "broken": list(self.broken),
            "device": [check.to_json() for check in checks],
            "nets": [net.to_json() for net in self.nets],
        }


def selftest(
    place: Path, *, simulate: bool = True, threads: int | None = None, progress: Progress | None = None
) -> SelfTest:
    """Test a folder, or the net of one graph or HEF. ``simulate`` includes the 8-bit simulation.

    Raises:
        InputError: there is nothing to test.
    """
    found = find_nets(place)
    device = look_at_device() if any(net.hef for net in found) else None
    tests = [_NetTest(net, device, simulate=simulate, threads=threads) for net in found]
    total = sum(test.planned for test in tests)
    done = 0
    results = []
    for test in tests:
        stages = []
        for stage in test.stages():
            stages.append(stage)
            done += 1
            if progress is not None:
                progress(done, total)
        results.append(NetResult(test.files.name, test.reference_name, tuple(stages), test.checks))
    return SelfTest(tuple(results), device)


class _NetTest:
    """The stages of one net, one after the other."""

    def __init__(
        self, files: NetFiles, device: DeviceState | None, *, simulate: bool, threads: int | None
    ) -> None:
        self.files, self._device, self._simulate, self._threads = files, device, simulate, threads
        self.reference_name = "nothing"
        self.checks: tuple[DeviceCheck, ...] = ()
        self._expected: Reference | None = None
        self._simulated: Stage | None = None

    @property
    def planned(self) -> int:
        """Count the stages to come, about."""
        files = self.files
        return sum(map(bool, (files.graph, files.segment, files.graph and self._simulate, files.hef, files.hef)))

    def stages(self) -> Iterator[Stage]:
        """Run them."""
        files = self.files
        if files.graph is not None:
            yield self._attempt(FLOAT, files.graph, self._float)
        if files.segment is not None:
            yield self._attempt(SEGMENTS, files.segment, self._float)
        if files.graph is not None and self._simulate:
            self._simulated = self._attempt(SIMULATED, files.graph, self._rounded)
            yield self._simulated
        if files.hef is not None:
            yield from self._on_device(files.hef)

    def _attempt(self, name: str, path: Path, work: Callable[[str, Path], Stage]) -> Stage:
        """Run one stage; what goes wrong in it is its result."""
        try:
            return work(name, path)
        except Tasnet2HefError as error:
            return Stage(name, path.name, "broken", reason=str(error))

    def _float(self, name: str, path: Path) -> Stage:
        backend = open_graph(path, self._threads)
        if self._expected is None and self.files.reference is None:
            self._take_as_reference(backend, path)
            return Stage(name, path.name, "not run", reason="no stored reference: it is the reference itself")
        return self._judge(name, path, backend, FLOAT_FLOOR_DB)

    def _take_as_reference(self, backend: Backend, path: Path) -> None:
        clips = speech_clips(backend.contract, max(CLIPS, backend.contract.streams))
        self._expected = Reference(clips, separate_clips(backend, clips))
        self.reference_name = f"{path.name} on the shipped speech"

    def _rounded(self, name: str, path: Path) -> Stage:
        from tasnet2hef.quantize.calibration.calibration_set import open_calibration
        from tasnet2hef.quantize.simulator import Preparation, prepare

        reasons = []
        for archive in self.files.calibrations:
            try:
                made = prepare(path, open_calibration(archive), Preparation(threads=self._threads))
            except InputError as error:
                reasons.append(str(error))
                continue
            return self._judge(name, path, made.backend(), QUANTISED_FLOOR_DB)
        why = reasons[0] if reasons else "no calibration set beside it; make one with `tasnet2hef calibrate`"
        return Stage(name, path.name, "not run", reason=why)

    def _on_device(self, hef: Path) -> Iterator[Stage]:
        """Run the HEF, with either kind of border, if the device can take it."""
        assert self._device is not None
        try:
            self.checks = check_program(read_sidecar(hef), self._device)
        except Tasnet2HefError as error:
            yield Stage(DEVICE["float"], hef.name, "broken", reason=str(error))
            return
        unfit = [check for check in self.checks if check.verdict == "broken"]
        if self._device.problem or unfit:
            why = self._device.problem or f"{unfit[0].what}: found {unfit[0].found}, {unfit[0].advice}"
            yield Stage(DEVICE["float"], hef.name, "not run" if self._device.absent else "broken", reason=why)
            return
        yield self._attempt(
            DEVICE["float"], hef, lambda name, path: self._run_hef(name, path, RunOptions("float"))
        )
        yield self._attempt(
            DEVICE["quantised"], hef, lambda name, path: self._run_hef(name, path, RunOptions("quantised"))
        )

    def _run_hef(self, name: str, path: Path, options: RunOptions) -> Stage:
        with HailoRtBackend(path, options) as backend:
            return self._judge(name, path, backend, device_floor_db(self._simulated))

    def _judge(self, name: str, path: Path, backend: Backend, floor_db: float) -> Stage:
        expected = self._reference(backend.contract)
        if expected is None:
            why = f"found no {self.files.name}.onnx and no reference to hold it against; copy one of them along"
            return Stage(name, path.name, "not run", reason=why)
        try:
            found = separate_clips(backend, expected.clips)
        except RefusedError as error:
            return Stage(name, path.name, "broken", None, floor_db, str(error))
        return judge(name, path.name, expected.sources, found, floor_db)

    def _reference(self, contract: GraphContract) -> Reference | None:
        """Return what is expected: the original's stored sources, else those of the graph."""
        if self._expected is None and self.files.reference is not None:
            self._expected = read_reference(self.files.reference, contract)
            self.reference_name = f"the original's output ({self.files.reference.name})"
        return self._expected
