"""What a folder of speech holds, its fingerprint, and held-out mixtures as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tasnet2hef.base.errors import AudioError, OptionError
from tasnet2hef.guide.speech import HELD_OUT, describe_speech, fingerprint, require_outside, write_held_out
from tasnet2hef.quantize.calibration.evaluation_set import read_evaluation
from tests.sign_split import make_contract


def save(path: Path, seconds: float = 0.5) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.zeros(round(seconds * 8000)), 8000)


def test_speech_and_mixtures_are_told_apart(tmp_path: Path) -> None:
    save(tmp_path / "speech" / "anna" / "1.wav")
    save(tmp_path / "speech" / "ben" / "1.wav")
    assert "2 recordings, 2 speakers" in describe_speech(tmp_path / "speech", 2, "")
    save(tmp_path / "mixed" / "a_mixture.wav")
    assert describe_speech(tmp_path / "mixed", 2, "").endswith("1 mixture, their true sources not known")
    save(tmp_path / "mixed" / "a_source_1.wav")
    save(tmp_path / "mixed" / "a_source_2.wav")
    assert describe_speech(tmp_path / "mixed", 2, "").endswith("1 mixture, their true sources known")
    with pytest.raises(AudioError, match="found nothing"):
        describe_speech(tmp_path / "missing", 2, "")


def test_a_changed_recording_changes_the_fingerprint(tmp_path: Path) -> None:
    save(tmp_path / "1.wav")
    before = fingerprint(tmp_path)
    assert fingerprint(tmp_path) == before
    save(tmp_path / "1.wav", 0.6)
    assert fingerprint(tmp_path) != before


@pytest.mark.parametrize("place", ["speech", "speech/build"])
def test_results_do_not_land_among_the_recordings(place: str, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="give one with -o"):
        require_outside(tmp_path / place, tmp_path / "speech")
    require_outside(tmp_path / "speech_build", tmp_path / "speech")


def test_held_out_mixtures_are_read_by_simulate(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    clips = [generator.normal(0, 0.05, (3, 4000)).astype(np.float32) for _ in range(HELD_OUT + 2)]
    written = write_held_out(clips, 2, 8000, tmp_path, has_sources=True)
    assert len(written) == 3 * HELD_OUT
    read, _ = read_evaluation(tmp_path, make_contract())
    assert len(read) == HELD_OUT
    np.testing.assert_allclose(read[0].mixture, clips[0].sum(axis=0), rtol=0, atol=1e-6)
    references = read[0].references
    assert references is not None
    np.testing.assert_allclose(references, clips[0][:2], rtol=0, atol=1e-6)
