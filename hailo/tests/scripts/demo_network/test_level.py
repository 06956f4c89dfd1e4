"""Levelling a network brings its output to the sources' level and changes nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from scripts.demo_network.evaluate import mean_improvement_db
from scripts.demo_network.level import level_output, output_gain
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.model.network.reference import ReferenceTasNet
from tasnet2hef.train.mixtures import Mixer
from tasnet2hef.train.saving import load_network, save_atomically, serialize


def test_levelled_network_has_a_gain_of_one(
    tiny_spec: TasNetSpec, make_mixer: Callable[..., Mixer], tmp_path: Path
) -> None:
    torch.manual_seed(0)
    mixtures = [make_mixer(3200).draw(0, number) for number in range(3)]
    net = ReferenceTasNet(tiny_spec)
    before_db, path = mean_improvement_db(net, mixtures), tmp_path / "net.pth"
    assert abs(output_gain(net, mixtures) - 1) > 0.1
    save_atomically(serialize(net), path)
    level_output(path, mixtures)
    levelled = load_network(path)
    assert output_gain(levelled, mixtures) == pytest.approx(1, abs=1e-4)
    assert mean_improvement_db(levelled, mixtures) == pytest.approx(before_db, abs=1e-3)
