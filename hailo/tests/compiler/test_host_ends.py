"""Of a net with its ends on the host the compiler gets the chip part, with a set of its own, and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tasnet2hef.base.errors import GraphError
from tasnet2hef.compiler.inputs import read_inputs
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.runtime.hailort.graphs import save_parts


def test_the_chip_part_goes_from_the_representation_to_the_masks(
    tmp_path: Path, calibrate: Callable[[Path], Path]
) -> None:
    _, chip, _ = save_parts(tmp_path)
    inputs = read_inputs(OpenedGraph.read(chip), calibrate(chip), None, "hailo8")
    assert inputs.inputs == {"encoder": [1, 16, 999, 1]}
    assert inputs.end_nodes == inputs.outputs == ("masks/activation_1", "masks/activation_2")
    assert (inputs.net_name, inputs.seconds, inputs.notes) == ("net_chip_part", 1.0, ())


def test_parts_of_the_host_and_sets_of_other_weights_are_refused(
    tmp_path: Path, calibrate: Callable[[Path], Path]
) -> None:
    encoder, chip, decoder = save_parts(tmp_path)
    calibration = shutil.copy(calibrate(chip), tmp_path / "first.npz")
    for part in (encoder, decoder):
        with pytest.raises(GraphError, match="runs on the host, expected the part for the chip; compile NAME"):
            read_inputs(OpenedGraph.read(part), calibration, None, "hailo8")
    _, other, _ = save_parts(tmp_path, seed=1)
    with pytest.raises(GraphError, match=r"found the encoder's output of net\.chip_part\.onnx"):
        read_inputs(OpenedGraph.read(other), calibration, None, "hailo8")
