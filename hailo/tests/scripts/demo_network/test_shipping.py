"""What is written for shipping is exact, or refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from scripts.demo_network.shipping import to_pcm, write_demo
from scripts.demo_network.voices import StudioPrompt
from tasnet2hef.base.errors import AudioError
from tasnet2hef.train.mixtures import Mixer, Mixture, Prompt

MakeMixer = Callable[..., Mixer]


def test_written_mixture_is_the_exact_sum(
    make_mixer: MakeMixer, tone_prompts: dict[str, list[Prompt]], tmp_path: Path
) -> None:
    drawn = make_mixer(4000).draw(0, 0)
    shipped = [
        StudioPrompt(each.voice, each.name, each.samples, f"sha of {each.voice}", "test")
        for group in tone_prompts.values()
        for each in group
    ]
    write_demo(drawn, shipped, tmp_path)
    names = ("demo_mixture", "demo_source_1", "demo_source_2")
    total, first, second = (soundfile.read(tmp_path / f"{name}.wav", dtype="int16")[0] for name in names)
    np.testing.assert_array_equal(total, first + second)
    assert np.abs(total / 32768 - drawn.mixture).max() <= 1.01 / 32768
    listing = json.loads((tmp_path / "demo_prompts.json").read_text())
    assert listing["sources"][0]["prompts"][0]["sha256"].startswith("sha of low")


def test_refuses_a_mixture_that_clips() -> None:
    sources = np.full((2, 10), 0.6, np.float32)
    with pytest.raises(AudioError, match="found a peak of 39322, expected less than 32768"):
        to_pcm(Mixture(sources, ("a", "b"), ((), ())))
