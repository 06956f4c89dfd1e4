"""The recipe of the shipped demo network: its voices, its task, its architecture and its held-out mixtures."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from scripts.demo_network.split import Part
from scripts.demo_network.voices import SAMPLE_RATE_HZ, SOUNDS, Voice, prompts_by_voice
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.train.mixtures import Mixer, Mixture

ASSETS: Final = Path(__file__).parents[2] / "assets"
MODEL: Final = ASSETS / "demo_model.pth"
STUDENT: Final = ASSETS / "demo_student.pth"
"""Its student, by ``distil``: constants in place of gLN."""

VOICES: Final = (
    Voice("Carlo", ("it_IT_m_Carlo",)),
    Voice("Allison", ("en_US_f_Allison", "es_MX_f_Allison")),
    Voice("June", ("fr_CA_f_June",)),
    Voice("ivrvoice", ("ru_RU_f_IvrvoiceRU",)),
)
PAIRS: Final = (("Carlo", "Allison"), ("Carlo", "June"), ("Carlo", "ivrvoice"))
"""The task: Carlo, a man, against one of three women."""
UNTRAINED_PAIRS: Final = (("Allison", "June"), ("June", "ivrvoice"), ("ivrvoice", "Allison"))
"""Two women: never together in a training mixture, so a measure of the network's limits."""

SPEC: Final = TasNetSpec(
    n_src=2,
    sample_rate=SAMPLE_RATE_HZ,
    n_filters=128,
    out_chan=128,
    kernel_size=32,
    stride=16,
    bn_chan=64,
    hid_chan=128,
    skip_chan=64,
    n_blocks=6,
    n_repeats=2,
    norm_type="gLN",
    mask_act="relu",
)
GROUPS: Final = {"Carlo": "man", "Allison": "woman", "June": "woman", "ivrvoice": "woman"}
"""The group of each voice: voices of different groups may be mixed."""
STEPS: Final = 12_500
BATCH: Final = 4
TRAIN_SECONDS: Final = 2
HELD_OUT_SECONDS: Final = 4
DEMO_SECONDS: Final = 10
SEEDS: Final = {"training": 1, "validation": 2, "test": 3}
DEMO_SEED: Final = 4
DEMO_NUMBER: Final = 2
"""The first mixture of its series with both voices under CC BY 3.0, so that the audio is under it too."""


def training_mixer(sounds: Path = SOUNDS) -> Mixer:
    """Return the source of training mixtures, 2 s each, with perturbed speed."""
    return Mixer(prompts_by_voice(VOICES, "training", sounds), PAIRS, TRAIN_SECONDS * SAMPLE_RATE_HZ, speed=True)


def held_out_mixtures(
    part: Part, count: int, pairs: tuple[tuple[str, str], ...] = PAIRS, sounds: Path = SOUNDS
) -> list[Mixture]:
    """Return the first ``count`` mixtures, 4 s each, of prompts that are in no training mixture."""
    mixer = Mixer(prompts_by_voice(VOICES, part, sounds), pairs, HELD_OUT_SECONDS * SAMPLE_RATE_HZ)
    return [mixer.draw(SEEDS[part], number) for number in range(count)]


def demo_mixture(sounds: Path = SOUNDS) -> Mixture:
    """Return the shipped mixture of test prompts, 10 s."""
    mixer = Mixer(prompts_by_voice(VOICES, "test", sounds), PAIRS, DEMO_SECONDS * SAMPLE_RATE_HZ)
    return mixer.draw(DEMO_SEED, DEMO_NUMBER)
