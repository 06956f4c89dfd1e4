"""The split never moves, and a sentence is in one part in all languages."""

from __future__ import annotations

from collections import Counter

import pytest

from scripts.demo_network import recipe
from scripts.demo_network.split import PARTS, REUSED, part_of
from scripts.demo_network.voices import SOUNDS, StudioPrompt, drop_repeats, find_prompts

needs_speech = pytest.mark.skipif(
    not all((SOUNDS / folder).is_dir() for voice in recipe.VOICES for folder in voice.folders),
    reason="needs the Debian packages asterisk-core-sounds-{en,es,fr,it,ru}-wav",
)


def test_known_names_stay_where_they_are() -> None:
    names = ("demo-congrats", "digits/7", "letters/space", "tt-weasels", "goodbye")
    assert [part_of(name) for name in names] == ["training", "training", "training", "test", "test"]


def test_names_whose_recording_is_reused_are_in_no_part() -> None:
    assert {part_of(name) for name in REUSED} == {"unused"}


def test_shares_are_as_stated() -> None:
    counts = Counter(part_of(f"prompt {number}") for number in range(4000))
    assert counts["test"] / 4000 == pytest.approx(0.14, abs=0.02)
    assert counts["validation"] / 4000 == pytest.approx(0.08, abs=0.02)


@needs_speech
def test_parts_share_no_recording_and_no_sentence() -> None:
    prompts = drop_repeats(prompt for voice in recipe.VOICES for prompt in find_prompts(voice))
    parts = {part: [prompt for prompt in prompts if prompt.part == part] for part in PARTS}
    for first, second in (("training", "test"), ("training", "validation"), ("validation", "test")):
        assert not {p.sha256 for p in parts[first]} & {p.sha256 for p in parts[second]}
        assert not {sentence(p) for p in parts[first]} & {sentence(p) for p in parts[second]}
    assert {p.voice for p in parts["test"]} == {voice.name for voice in recipe.VOICES}


def sentence(prompt: StudioPrompt) -> str:
    return prompt.name.split("/", 1)[1]
