"""The jobs of a probe: each case's graph and calibration set as files, and what its stages are given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from tasnet2hef.base.files import written_beside
from tasnet2hef.compiler.probe.cases import PreparedCase
from tasnet2hef.compiler.run_record import StageRecord
from tasnet2hef.compiler.stages.job import StageJob
from tasnet2hef.target.graph.opened import OpenedGraph

CALIBRATION_BYTES: Final = 64 << 20
WINDOWS: Final = 64


@dataclass(frozen=True)
class Jobs:
    """Makes jobs in a probe's folder; ``tools`` are the versions on which every result depends."""

    folder: Path
    hardware: str
    tools: Mapping[str, Any]

    def job(self, each: PreparedCase, stage: str, before: StageRecord | None) -> tuple[StageJob, dict[str, Any]]:
        """Return a stage's job and what it depends on; ``before`` is the record of the stage before it."""
        name, opened = each.file_name, each.open(self.folder / "graph.onnx")
        if before is None:
            model = opened.model
            makers = {tensor: node.name for node in model.graph.node for tensor in node.output}
            job = StageJob(
                stage=stage,
                folder="",
                hardware=self.hardware,
                net_name=f"net_{name}"[:60],
                model=str(self._graph_file(each, opened)),
                start_nodes=tuple(opened.inputs),
                end_nodes=tuple(makers.get(value.name) or value.name for value in model.graph.output),
                input_shapes=opened.inputs,
            )
            return job, {**self.tools, "model": opened.digest, "hardware": job.hardware}
        har = str(before.path(self.folder, "har"))
        job = StageJob(stage=stage, folder="", har=har)
        if stage == "optimize":
            calibration = self._calibration_file(each, opened)
            job = StageJob(
                stage=stage,
                folder="",
                har=har,
                calibration=str(calibration),
                arrays=tuple(opened.window_shapes),
                array_of_input=opened.input_layers,
            )
        return job, {**self.tools, "after": before.key}

    def _graph_file(self, each: PreparedCase, opened: OpenedGraph) -> Path:
        path = self.folder / "graphs" / f"{each.file_name}.onnx"
        with written_beside(path) as part:
            part.write_bytes(opened.model.SerializeToString(deterministic=True))
        return path

    def _calibration_file(self, each: PreparedCase, opened: OpenedGraph) -> Path:
        """Write random windows, as many as the optimiser takes by default, fewer of large ones."""
        path = self.folder / "graphs" / f"{each.file_name}.npz"
        random, shapes = np.random.default_rng(0), opened.window_shapes
        largest = max(int(np.prod(shape)) for shape in shapes.values())
        windows = max(1, min(WINDOWS, CALIBRATION_BYTES // (4 * largest)))
        arrays = {name: random.standard_normal((windows, *shape), np.float32) for name, shape in shapes.items()}
        with written_beside(path) as part:
            np.savez(part, **arrays)  # type: ignore[arg-type]
        return path

    def remove_files(self, each: PreparedCase, records: Iterable[StageRecord]) -> None:
        """Remove the large files of a case that is decided."""
        for suffix in (".onnx", ".npz"):
            (self.folder / "graphs" / f"{each.file_name}{suffix}").unlink(missing_ok=True)
        for record in records:
            for kind in record.files:
                record.path(self.folder, kind).unlink(missing_ok=True)
            (self.folder / record.log).with_name("job.json").unlink(missing_ok=True)
