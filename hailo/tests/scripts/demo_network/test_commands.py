"""The command line, on synthetic voices: train, evaluate what was trained, write a mixture."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from scripts.demo_network import recipe
from scripts.demo_network.commands import run_app
from scripts.demo_network.split import PARTS, part_of
from scripts.demo_network.voices import SAMPLE_RATE_HZ


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    """A folder laid out as Debian's, with noise for speech: two prompts of 1 s per voice and part."""
    by_part = {part: [str(k) for k in range(99) if part_of(str(k)) == part][:2] for part in PARTS}
    for voice in recipe.VOICES:
        random = np.random.default_rng(len(voice.name))
        for folder in voice.folders:
            (tmp_path / "sounds" / folder).mkdir(parents=True)
            for name in itertools.chain(*by_part.values()):
                speech = 0.1 * random.standard_normal(SAMPLE_RATE_HZ)
                soundfile.write(tmp_path / "sounds" / folder / f"{name}.wav", speech, SAMPLE_RATE_HZ)
    return tmp_path / "sounds"


def call(monkeypatch: pytest.MonkeyPatch, *words: object) -> int | str | None:
    """Run the command line; return its exit code."""
    monkeypatch.setattr(sys, "argv", ["training", *map(str, words)])
    monkeypatch.setattr(torch, "set_num_threads", lambda count: None)
    with pytest.raises(SystemExit) as stopped:
        run_app()
    return stopped.value.code


@pytest.mark.slow
def test_train_then_evaluate(
    sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--steps", 1, "--batch", 1, "--validation", 1, "--sounds", sounds)
    assert call(monkeypatch, "train", tmp_path / "run", *words) == 0
    assert "step 1: loss" in capsys.readouterr().out
    assert (
        call(monkeypatch, "evaluate", tmp_path / "run" / "best_model.pth", "--mixtures", 3, "--sounds", sounds)
        == 0
    )
    table = capsys.readouterr().out.splitlines()
    assert [line.split(" | ")[0] for line in table[2:]] == [
        "| Carlo + Allison",
        "| Carlo + June",
        "| Carlo + ivrvoice",
        "| all",
    ]


def test_mixture_writes_four_files(sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert call(monkeypatch, "mixture", tmp_path / "out", "--sounds", sounds) == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["demo_mixture.wav", "demo_prompts.json", "demo_source_1.wav", "demo_source_2.wav"]


def test_reuse_finds_none_in_independent_noise(
    sounds: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "reuse", "--sounds", sounds) == 0
    assert capsys.readouterr().out == ""


def test_missing_sounds_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "evaluate", "--sounds", tmp_path) == 2
    assert "missing; install asterisk-core-sounds-it-wav" in capsys.readouterr().err
