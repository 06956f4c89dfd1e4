"""How long the steps will take, from one measured forward pass of the net.

Nearly all time goes into runs of the net, so that a step's time is the seconds of audio that it runs, times what a
second of audio takes here. What a simulated second takes beside one of the net is measured on the demo net.
"""

from __future__ import annotations

import time
from typing import Final

import torch

from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.guide.decisions import DISTIL, FREEZE
from tasnet2hef.guide.options import GoOptions
from tasnet2hef.guide.speech import HELD_OUT
from tasnet2hef.model.network.reference import ReferenceTasNet
from tasnet2hef.quantize.calibration.mix_choice import WINDOWS as MIX_WINDOWS
from tasnet2hef.quantize.options import SimulationOptions
from tasnet2hef.train.evaluator import LEVELS_DBFS

RUNS: Final = 3
FITTING: Final = 3.0
"""Forward passes that fitting constants takes: original and student side by side, and least squares."""
MEASURING: Final = 1.5
"""Time of a second that is separated and scored over one of the net (demo net)."""
STEP_OF_TRAINING: Final = 4.0
"""Forward passes in a training step: the original's, the student's, and its backward pass, which is two."""
SIMULATED: Final = 4.0
"""Time of a second at simulated 8 bits over one of the net (demo net, two cores)."""
BACKENDS: Final = 3
"""Float, 8 bits, and the recommended precisions."""
BORDERS_OF_A_BLOCK: Final = 5


def seconds_per_second(net: ReferenceTasNet, clip_s: float) -> float:
    """Return how long the net takes for a second of audio here, in clips of ``clip_s``; the best of three runs."""
    audio = torch.zeros(1, round(clip_s * net.spec.values_per_second))
    best = float("inf")
    with torch.no_grad():
        for _ in range(RUNS):
            started = time.perf_counter()
            net(audio)
            best = min(best, time.perf_counter() - started)
    return best / clip_s


def audio_of_speech(options: GoOptions) -> float:
    """Return the seconds of audio that the original separates to judge the speech."""
    return (options.speech.validation_clips + options.speech.test_clips) * options.speech.seconds


def audio_of_norms(choice: str, options: GoOptions) -> float:
    """Return the seconds of audio, in forward passes, that replacing the norms takes, and measuring the result."""
    clip_s = options.speech.seconds
    measuring = MEASURING * len(LEVELS_DBFS) * 3 * options.speech.test_clips * clip_s
    if choice == FREEZE:
        return FITTING * options.freezing.clips * clip_s + measuring
    if choice == DISTIL:
        training = options.distilling
        return STEP_OF_TRAINING * training.steps * training.batch * clip_s + measuring
    return 0.0


def audio_of_calibration(options: GoOptions) -> float:
    """Return the seconds of audio that the net separates to choose the mix."""
    return 0.0 if options.mix else MIX_WINDOWS * options.seconds


def audio_of_simulation(options: GoOptions) -> float:
    """Return the seconds of audio, in forward passes, that a simulation without a search takes."""
    windows = options.windows + BACKENDS * SimulationOptions.windows
    return SIMULATED * (windows * options.seconds + BACKENDS * HELD_OUT * options.speech.seconds)


def audio_of_search(spec: TasNetSpec, options: GoOptions) -> float:
    """Return the seconds of audio, in forward passes, that measuring each layer on its own takes."""
    layers = BORDERS_OF_A_BLOCK * spec.n_blocks * spec.n_repeats + SimulationOptions.relieve
    return SIMULATED * layers * SimulationOptions.windows * options.seconds
