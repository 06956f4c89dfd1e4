"""Runs every form of a net, from ONNX to the device, on the same speech, and compares the sources."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tasnet2hef.base.agreement import BROKEN_BELOW_DB, FLOAT_FLOOR_DB
from tasnet2hef.base.errors import InputError, RefusedError, Tasnet2HefError
from tasnet2hef.base.graph_contract import GraphContract
from tasnet2hef.base.outcome import ERROR, NOT_RUN, OK, Status
from tasnet2hef.base.plain import plain
from tasnet2hef.base.progress import Progress, no_progress
from tasnet2hef.diagnose.doctor.diagnosis import Diagnosis
from tasnet2hef.diagnose.selftest.comparison import Comparison, compare, device_floor_db
from tasnet2hef.diagnose.selftest.device_check import DeviceState, diagnose_hef, examine_device
from tasnet2hef.diagnose.selftest.net_files import NetFiles, find_nets
from tasnet2hef.runtime.backends import Backend
from tasnet2hef.runtime.backends.hailort.backend import HailoRtBackend
from tasnet2hef.runtime.backends.hailort.program import RunOptions
from tasnet2hef.runtime.backends.hailort.sidecar import read_sidecar
from tasnet2hef.runtime.backends.segments import open_graph
from tasnet2hef.runtime.reference_clips import Reference, read_reference
from tasnet2hef.runtime.speech_windows import separate_clips, speech_clips

if TYPE_CHECKING:
    from tasnet2hef.quantize.calibration.calibration_set import CalibrationSet
    from tasnet2hef.target.graph.opened import OpenedGraph

CLIPS: Final = 2
"""Windows of the shipped speech, where no reference is stored."""
FLOAT, SEGMENTS, SIMULATED = "float ONNX", "float ONNX, segments", "8 bits, simulated"
PARTS: Final = "float ONNX, ends on the host"
DEVICE: Final = {"float": "device, float streams", "quantised": "device, quantised streams"}


@dataclass(frozen=True)
class NetReport:
    """One net's comparisons with ``reference``; ``program`` is how its HEF fits the device."""

    name: str
    reference: str
    comparisons: tuple[Comparison, ...]
    program: tuple[Diagnosis, ...] = ()

    @property
    def errors(self) -> tuple[Comparison, ...]:
        """Return the comparisons that are errors, in their order."""
        return tuple(each for each in self.comparisons if each.status == ERROR)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "name": self.name,
            "reference": self.reference,
            "comparisons": [each.to_json() for each in self.comparisons],
            "program": plain(self.program),
        }


@dataclass(frozen=True)
class SelftestReport:
    """All nets of a folder, and the device."""

    nets: tuple[NetReport, ...]
    device: DeviceState | None
    """None where there is no HEF."""

    @property
    def errors(self) -> tuple[str, ...]:
        """Return net and name of the comparisons that are errors."""
        return tuple(f"{net.name}: {each.name}" for net in self.nets for each in net.errors)

    def to_json(self) -> dict[str, Any]:
        """Return what `selftest --json` prints."""
        return {
            "status": ERROR if self.errors else OK,
            "errors": list(self.errors),
            "device": plain(() if self.device is None else self.device.diagnoses),
            "nets": [net.to_json() for net in self.nets],
        }


def selftest(
    place: Path,
    *,
    simulate: bool = True,
    calibration: Path | None = None,
    threads: int | None = None,
    progress: Progress = no_progress,
) -> SelftestReport:
    """Test a folder, or the net of one graph or HEF. ``simulate`` includes the 8-bit simulation.

    It uses the calibration set beside a graph that was made for it, or ``calibration``, whatever it was made for.

    Raises:
        InputError: there is nothing to test.
    """
    nets = find_nets(place)
    device = examine_device() if any(net.hef for net in nets) else None
    tests = [_NetTest(net, device, simulate=simulate, threads=threads, calibration=calibration) for net in nets]
    total = sum(test.expected_count for test in tests)
    done = 0
    reports = []
    for test in tests:
        comparisons = []
        for comparison in test.comparisons():
            comparisons.append(comparison)
            done += 1
            progress(done, total)
        reports.append(NetReport(test.files.name, test.reference_name, tuple(comparisons), test.program))
    return SelftestReport(tuple(reports), device)


class _NetTest:
    """The comparisons of one net, one after the other."""

    def __init__(
        self,
        files: NetFiles,
        device: DeviceState | None,
        *,
        simulate: bool,
        threads: int | None,
        calibration: Path | None,
    ) -> None:
        self.files, self._device, self._simulate, self._threads = files, device, simulate, threads
        self._calibration = calibration
        self.reference_name = "nothing"
        self.program: tuple[Diagnosis, ...] = ()
        self._reference: Reference | None = None
        self._simulated: Comparison | None = None

    @property
    def expected_count(self) -> int:
        """Return the number of comparisons to expect; a HEF that can't run has one less."""
        files = self.files
        return sum(
            map(bool, (files.graph, files.segment, files.simulated and self._simulate, files.hef, files.hef))
        )

    def comparisons(self) -> Iterator[Comparison]:
        """Run them."""
        files = self.files
        if files.graph is not None:
            yield self._attempt(FLOAT, files.graph, self._float)
        if files.segment is not None:
            yield self._attempt(PARTS if files.chip_part else SEGMENTS, files.segment, self._float)
        if files.simulated is not None and self._simulate:
            self._simulated = self._attempt(SIMULATED, files.simulated, self._quantised)
            yield self._simulated
        if files.hef is not None:
            yield from self._on_device(files.hef)

    def _attempt(self, name: str, path: Path, work: Callable[[str, Path], Comparison]) -> Comparison:
        """Run one comparison; an error in it is its result."""
        try:
            return work(name, path)
        except Tasnet2HefError as error:
            return Comparison(name, path.name, ERROR, reason=str(error))

    def _float(self, name: str, path: Path) -> Comparison:
        backend = open_graph(path, self._threads)
        if self._reference is None and self.files.reference is None:
            self._take_as_reference(backend, path)
            return Comparison(name, path.name, NOT_RUN, reason="no stored reference: it is the reference itself")
        return self._compare(name, path, backend, FLOAT_FLOOR_DB)

    def _take_as_reference(self, backend: Backend, path: Path) -> None:
        clips = speech_clips(backend.contract, max(CLIPS, backend.contract.streams))
        self._reference = Reference(clips, separate_clips(backend, clips))
        self.reference_name = f"{path.name} on the shipped speech"

    def _quantised(self, name: str, path: Path) -> Comparison:
        from tasnet2hef.quantize.calibration.calibration_set import origin
        from tasnet2hef.quantize.simulator import Preparation, prepare
        from tasnet2hef.target.graph.opened import OpenedGraph

        graph = OpenedGraph.read(path)
        calibration, why = self._choose_calibration(graph)
        if calibration is None:
            return Comparison(name, path.name, NOT_RUN, reason=why)
        made_for = origin(calibration)
        try:
            simulator = prepare(graph, calibration, Preparation(threads=self._threads))
        except InputError as error:
            return Comparison(name, path.name, ERROR, reason=str(error), calibration=made_for)
        return replace(self._compare(name, path, simulator.backend(), BROKEN_BELOW_DB), calibration=made_for)

    def _choose_calibration(self, graph: OpenedGraph) -> tuple[CalibrationSet | None, str]:
        """Return the set to simulate with, or why there is none; one of another model must be asked for."""
        from tasnet2hef.quantize.calibration.calibration_set import (
            is_made_for,
            open_calibration,
            origin,
            require_fit,
        )

        if self._calibration is not None:
            asked = open_calibration(self._calibration)
            require_fit(asked, graph)
            return asked, ""
        reasons, unknown = [], []
        for archive in self.files.calibrations:
            try:
                opened = open_calibration(archive)
                require_fit(opened, graph)
            except InputError as error:
                reasons.append(str(error))
                continue
            made_for = is_made_for(opened, graph)
            if made_for:
                return opened, ""
            if made_for is None and archive.name.startswith(self.files.name):
                unknown.append(opened)
            else:
                reasons.append(f"{origin(opened)} is not this model's; --calib {archive} takes it")
        if unknown:
            return unknown[0], ""
        return None, reasons[
            0
        ] if reasons else "no calibration set beside it; make one with `tasnet2hef calibrate`"

    def _on_device(self, hef: Path) -> Iterator[Comparison]:
        """Run the HEF with float and with quantised streams, if it fits the device."""
        assert self._device is not None
        try:
            self.program = diagnose_hef(read_sidecar(hef), self._device)
        except Tasnet2HefError as error:
            yield Comparison(DEVICE["float"], hef.name, ERROR, reason=str(error))
            return
        unfit = [each for each in self.program if each.status == ERROR]
        if self._device.problem or unfit:
            why = self._device.problem or f"{unfit[0].what}: found {unfit[0].found}, {unfit[0].advice}"
            status: Status = NOT_RUN if self._device.absent else ERROR
            yield Comparison(DEVICE["float"], hef.name, status, reason=why)
            return
        yield self._attempt(
            DEVICE["float"], hef, lambda name, path: self._run_hef(name, path, RunOptions("float"))
        )
        yield self._attempt(
            DEVICE["quantised"], hef, lambda name, path: self._run_hef(name, path, RunOptions("quantised"))
        )

    def _run_hef(self, name: str, path: Path, options: RunOptions) -> Comparison:
        with HailoRtBackend(path, options, self._threads) as backend:
            return self._compare(name, path, backend, device_floor_db(self._simulated))

    def _compare(self, name: str, path: Path, backend: Backend, floor_db: float) -> Comparison:
        reference = self._reference_for(backend.contract)
        if reference is None:
            why = f"found no {self.files.name}.onnx and no reference to compare with; copy one of them as well"
            return Comparison(name, path.name, NOT_RUN, reason=why)
        try:
            separated = separate_clips(backend, reference.clips)
        except RefusedError as error:
            return Comparison(name, path.name, ERROR, None, floor_db, str(error))
        return compare(name, path.name, reference.sources, separated, floor_db)

    def _reference_for(self, contract: GraphContract) -> Reference | None:
        """Return the original's stored sources, else those of the float graph; None where there is neither."""
        if self._reference is None and self.files.reference is not None:
            self._reference = read_reference(self.files.reference, contract)
            self.reference_name = f"the original's output ({self.files.reference.name})"
        return self._reference
