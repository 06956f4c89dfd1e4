"""The tones and the small net of the training tests."""

from __future__ import annotations

from tests.train.conftest import make_mixer, tiny_spec, tone_prompts

__all__ = ["make_mixer", "tiny_spec", "tone_prompts"]
