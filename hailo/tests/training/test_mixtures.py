"""Mixtures are sums, repeatable, at the stated levels, and exact in 16 bits."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tasnet2hef.errors import AudioError
from tasnet2hef.training.mixtures import RELATIVE_DB, Mixer, Mixture
from tasnet2hef.training.shipping import to_pcm, write_demo
from tasnet2hef.training.voices import Prompt, rms_dbfs

MakeMixer = Callable[..., Mixer]


def test_mixture_is_the_sum_of_its_sources(make_mixer: MakeMixer) -> None:
    drawn = make_mixer(4000).draw(0, 0)
    assert drawn.sources.shape == (2, 4000)
    np.testing.assert_array_equal(drawn.mixture, drawn.sources[0] + drawn.sources[1])


@pytest.mark.parametrize("speed", [False, True])
def test_a_draw_depends_on_seed_and_number_only(make_mixer: MakeMixer, speed: bool) -> None:
    mixer = make_mixer(4000, speed)
    first = mixer.draw(5, 3)
    mixer.draw(5, 4)
    np.testing.assert_array_equal(first.sources, make_mixer(4000, speed).draw(5, 3).sources)
    assert not np.array_equal(first.sources, mixer.draw(5, 4).sources)
    assert not np.array_equal(first.sources, mixer.draw(6, 3).sources)


def test_a_batch_holds_the_draws_of_its_step(make_mixer: MakeMixer) -> None:
    mixer = make_mixer()
    np.testing.assert_array_equal(mixer.batch(1, step=2, size=3)[1], mixer.draw(1, 7).sources)


def test_relative_level_stays_in_its_range(make_mixer: MakeMixer) -> None:
    mixer = make_mixer(8000)
    differences = []
    for number in range(40):
        drawn = mixer.draw(0, number)
        differences.append(rms_dbfs(drawn.sources[0]) - rms_dbfs(drawn.sources[1]))
    assert max(np.abs(differences)) < RELATIVE_DB + 1.0
    assert np.std(differences) > 1.0


def test_prompts_heard_are_named(make_mixer: MakeMixer, tone_prompts: dict[str, list[Prompt]]) -> None:
    drawn = make_mixer(8000).draw(0, 0)
    for voice, names in zip(drawn.pair, drawn.prompts, strict=True):
        assert set(names) <= {prompt.name for prompt in tone_prompts[voice]}
        assert 2 <= len(names) <= 5


def test_written_mixture_is_the_exact_sum(
    make_mixer: MakeMixer, tone_prompts: dict[str, list[Prompt]], tmp_path: Path
) -> None:
    drawn = make_mixer(4000).draw(0, 0)
    write_demo(drawn, [p for group in tone_prompts.values() for p in group], tmp_path)
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
