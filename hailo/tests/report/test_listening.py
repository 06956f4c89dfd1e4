"""Tracks: those of `separate` in float, near them at 8 bits, and unchanged in the page."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tasnet2hef.base.errors import AudioError, OptionError
from tasnet2hef.quantize.score import relative_noise
from tasnet2hef.report.listening import FLOAT, INT8, MIXTURE, Listening, Track, listen
from tasnet2hef.report.players import players_of
from tasnet2hef.runtime.separate import separate_file
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.quantize.small_net import babble
from tests.report.conftest import Run

STEP = 2.0**-15
"""One step of 16 bits."""


def _of(heard: Listening, kind: str) -> np.ndarray:
    return np.stack([track.samples for track in heard.tracks if track.kind == kind])


def test_float_tracks_are_what_separate_writes(whole_run: Run, tmp_path: Path) -> None:
    separation = separate_file(whole_run.graph, whole_run.recording, tmp_path, threads=1)
    expected = np.stack([soundfile.read(path)[0] for path in separation.outputs])
    assert np.abs(_of(whole_run.heard, FLOAT) - expected).max() <= STEP


def test_8_bit_tracks_are_near_the_float_ones_and_not_equal(whole_run: Run) -> None:
    noise = relative_noise(_of(whole_run.heard, FLOAT), _of(whole_run.heard, INT8))
    assert 1e-6 < noise < 0.1


def test_a_long_recording_is_cut_and_scored_on_what_is_heard(whole_run: Run, tmp_path: Path) -> None:
    mixture, truth = babble(11, 5), babble(11, 6)
    paths = [tmp_path / f"{name}.wav" for name in ("mixture", "one", "two")]
    for path, samples in zip(paths, (mixture, truth, mixture - truth), strict=True):
        soundfile.write(path, samples, 8000, subtype="FLOAT")
    heard = listen(OpenedGraph.read(whole_run.graph), paths[0], references=paths[1:], threads=1)
    assert {len(track.samples) for track in heard.tracks} == {80_000}
    scores = [track.si_sdr_db for track in heard.tracks]
    assert heard.notes == ("the first 10.0 of 11.0 s",)
    assert scores[0] is None
    assert all(isinstance(score, float) for score in scores[1:])


def test_a_recording_of_another_rate_is_heard_at_the_models(whole_run: Run, tmp_path: Path) -> None:
    tone = np.sin(2 * np.pi * 500 * np.arange(32_000) / 16_000).astype(np.float32) / 2
    soundfile.write(tmp_path / "tone.wav", tone, 16_000, subtype="FLOAT")
    heard = listen(OpenedGraph.read(whole_run.graph), tmp_path / "tone.wav", threads=1)
    assert heard.sample_rate_hz == 8000
    assert {len(track.samples) for track in heard.tracks} == {16_000}
    middle = slice(1000, 15_000)  # the filter that changes the rate rings at both ends
    assert np.abs(heard.tracks[0].samples[middle] - tone[::2][middle]).max() < 1e-3
    assert "16,000 Hz" in heard.notes[0]


def test_a_silent_beginning_is_refused(whole_run: Run, tmp_path: Path) -> None:
    late = np.concatenate([np.zeros(88_000, np.float32), babble(0.5, 1)])
    soundfile.write(tmp_path / "late.wav", late, 8000)
    with pytest.raises(AudioError, match=r"silent in its first 10\.0 s"):
        listen(OpenedGraph.read(whole_run.graph), tmp_path / "late.wav", threads=1)


def test_tracks_that_would_clip_are_scaled_together(tmp_path: Path) -> None:
    from tasnet2hef.report.listening import _without_clipping

    loud, soft = (Track(MIXTURE, 0, np.array([value], np.float32)) for value in (-2.0, 0.5))
    assert [float(track.samples[0]) for track in _without_clipping([loud, soft])] == [-1.0, 0.25]
    assert float(_without_clipping([soft])[0].samples[0]) == 0.5


@pytest.mark.slow
def test_the_page_holds_the_very_files(whole_run: Run) -> None:
    result = whole_run.facts.result("audio")
    assert result is not None
    shown = players_of(result, whole_run.page.parent)
    assert [len(row.players) for row in shown.rows] == [1, 2, 2]
    assert shown.absent == ("device",)
    mixture = shown.rows[0].players[0]
    samples, rate = soundfile.read(io.BytesIO(base64.b64decode(mixture.source.partition(",")[2])))
    assert rate == 8000
    assert np.abs(samples - whole_run.heard.tracks[0].samples).max() <= STEP


def test_a_track_outside_the_folder_is_refused(whole_run: Run) -> None:
    result = json.loads(json.dumps(whole_run.facts.result("audio")))
    result["tracks"][0]["file"] = "../../../etc/passwd"
    with pytest.raises(OptionError, match="expected one in audio/"):
        players_of(result, whole_run.page.parent)


def test_a_missing_track_is_one_line(whole_run: Run, tmp_path: Path) -> None:
    facts = replace(whole_run.facts, folder=tmp_path)
    with pytest.raises(AudioError, match="no such file"):
        players_of(facts.result("audio") or {}, tmp_path)


def test_a_missing_calibration_set_is_one_line(whole_run: Run, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"calib\.npz: no such file; make it"):
        listen(OpenedGraph.read(whole_run.graph), whole_run.recording, calibration=tmp_path / "calib.npz")
