"""The host's layers stay float, what it sends to the chip has 8 bits, and the loss falls."""

from __future__ import annotations

import numpy as np

from tasnet2hef.quantize.host_ends import host_end_precisions
from tasnet2hef.quantize.number_format import FLOAT, Precision
from tasnet2hef.quantize.score import relative_noise
from tasnet2hef.quantize.simulator import Simulator
from tasnet2hef.runtime.backends.frames import window_to_frames
from tests.quantize.small_net import babble


def test_only_the_hosts_layers_are_set(simulator: Simulator) -> None:
    tensors = {border.layer: border.tensor for border in simulator.borders}
    precisions = {tensors[layer]: precision for layer, precision in host_end_precisions(simulator).items()}
    assert precisions == {
        "frames": FLOAT,
        "encoder": Precision(8, None),
        "source_1/masked": FLOAT,
        "source_2/masked": FLOAT,
        "source_1": FLOAT,
        "source_2": FLOAT,
    }


def test_float_ends_lose_less_than_ends_on_the_chip(simulator: Simulator) -> None:
    frames = window_to_frames(babble(0.2, 77)[: simulator.contract.window_samples], simulator.contract)
    exact = simulator.float_backend().run(frames).reshape(2, -1)
    chip, host = (
        10 * np.log10(relative_noise(exact, simulator.backend(precisions).run(frames).reshape(2, -1)))
        for precisions in ({}, host_end_precisions(simulator))
    )
    assert -60 < host < chip - 1, f"{host:.1f} dB with ends on the host, {chip:.1f} dB with ends on the chip"
