"""Scales a trained network to an output gain of one: SI-SDR ignores gain, so training leaves it arbitrary.

The decoder is linear: scaling its filters scales the output and changes no SI-SDR.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from tasnet2hef.model.network.reference import ReferenceTasNet
from tasnet2hef.train.loss import best_order
from tasnet2hef.train.mixtures import Mixture
from tasnet2hef.train.saving import load_network, save_atomically, serialize


@torch.no_grad()
def output_gain(net: ReferenceTasNet, mixtures: Sequence[Mixture]) -> float:
    """Return the factor on the network's output that brings it closest to the sources, in least squares."""
    common = energy = 0.0
    for mixture in mixtures:
        sources = torch.from_numpy(mixture.sources)[None]
        estimates = net(sources.sum(1))
        ordered = estimates[:, best_order(estimates, sources)[0]]
        common += float((ordered * sources).sum())
        energy += float(estimates.pow(2).sum())
    return common / energy


@torch.no_grad()
def level_output(path: Path, mixtures: Sequence[Mixture]) -> None:
    """Scale the decoder of the network saved at ``path`` to an output gain of one."""
    net = load_network(path)
    net.decoder.filters.mul_(output_gain(net, mixtures))
    save_atomically(serialize(net), path)
