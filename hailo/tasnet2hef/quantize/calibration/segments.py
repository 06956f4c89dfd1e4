"""Calibration sets for the segments of a graph: the inputs of each one while the whole set runs through them."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.files import written_beside
from tasnet2hef.base.graph_contract import INPUT_NAME
from tasnet2hef.base.marks import Mark
from tasnet2hef.base.outputs import Output, require_outputs
from tasnet2hef.base.part_files import scratch_folder
from tasnet2hef.base.progress import Progress
from tasnet2hef.quantize.calibration.calibration_set import CalibrationSet, entry, open_calibration
from tasnet2hef.runtime.backends.frames import to_nchw, to_nhwc
from tasnet2hef.runtime.backends.onnxruntime import open_session
from tasnet2hef.runtime.backends.segments import GRAPHS
from tasnet2hef.target.graph.opened import OpenedGraph

SUFFIX: Final = ".calib.npz"


def segment_output(made_from: str, segment: Path) -> Output:
    """Return the file of a segment's set; ``made_from`` as its graph says."""
    return Output(segment.with_name(f"{segment.stem}{SUFFIX}"), Mark.of("calibrate", made_from, "segments"))


def calibrate_segments(
    segments: Sequence[OpenedGraph], calibration: Path, progress: Progress, *, force: bool = False
) -> tuple[Path, ...]:
    """Write one set a segment, ``SEGMENT.calib.npz``, from the whole graph's set; return their paths.

    A segment whose only input is the frames uses the whole graph's set. Each other set holds an array
    ``[window, height, width, features]`` for every input layer, under the name that the compiler is predicted to
    give it. Tensors between segments are kept on disk, and only one window of each in memory.

    Raises:
        GraphError: a segment needs a tensor that none before it computes, or can't be run.
    """
    whole = open_calibration(calibration)
    outputs = [segment_output(segment.made_from, segment.path) for segment in segments]
    require_outputs(outputs, [calibration, *(segment.path for segment in segments)], force=force)
    paths = []
    with scratch_folder(calibration.parent) as folder:
        tensors = {INPUT_NAME: _frames(whole, folder)}
        for number, segment in enumerate(segments, start=1):
            session = open_session(segment.path, 1)
            _require_tensors(segment.path, session, tensors)
            frames_only = [port.name for port in session.get_inputs()] == [INPUT_NAME]
            paths.append(calibration if frames_only else _save(segment, tensors))
            if number < len(segments):
                tensors |= _run(session, tensors, folder)
            progress(number, len(segments))
    return tuple(paths)


def _frames(whole: CalibrationSet, folder: Path) -> Samples:
    """Return the whole graph's set as an array on disk, NHWC."""
    arrays = _on_disk(folder / "0.npy", (whole.windows, *whole.shape))
    for number, window in enumerate(whole.frames()):
        arrays[number] = window.reshape(whole.shape)
    return arrays


def _run(session: Any, tensors: Mapping[str, Samples], folder: Path) -> dict[str, Samples]:
    """Run a segment over all windows; return its outputs ``[window, height, width, channel]`` by name."""
    ports = session.get_outputs()
    count = len(tensors[INPUT_NAME])
    arrays: dict[str, Samples] = {}
    for number, port in enumerate(ports, start=len(tensors)):
        _, channels, height, width = port.shape
        arrays[port.name] = _on_disk(folder / f"{number}.npy", (count, height, width, channels))
    for window in range(count):
        feeds = {port.name: to_nchw(tensors[port.name][window]) for port in session.get_inputs()}
        for port, value in zip(ports, session.run([port.name for port in ports], feeds), strict=True):
            arrays[port.name][window] = to_nhwc(value)
    return arrays


def _require_tensors(segment: Path, session: Any, tensors: Mapping[str, Samples]) -> None:
    inputs = {port.name: port.shape for port in session.get_inputs()}
    GRAPHS.require_inputs(segment, inputs, {name: _nchw(tensor.shape) for name, tensor in tensors.items()})


def _save(segment: OpenedGraph, tensors: Mapping[str, Samples]) -> Path:
    """Write a segment's inputs under the names of its predicted input layers."""
    output = segment_output(segment.made_from, segment.path)
    with written_beside(output.path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_STORED) as archive:
        for name, layer in segment.input_layers.items():
            with archive.open(entry(layer), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, tensors[name], allow_pickle=False)
        archive.comment = output.mark.text.encode()
    return output.path


def _nchw(shape: tuple[int, ...]) -> list[int]:
    _, height, width, channels = shape
    return [1, channels, height, width]


def _on_disk(path: Path, shape: tuple[int, ...]) -> Samples:
    arrays: Samples = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
    return arrays
