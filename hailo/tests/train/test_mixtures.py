"""Mixtures are sums, repeatable, at the stated levels, and exact in 16 bits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tasnet2hef.audio.level import rms_dbfs
from tasnet2hef.train.mixtures import RELATIVE_DB, Mixer, Prompt

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
