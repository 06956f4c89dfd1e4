"""Folders of speech and of mixtures: recognised, split without overlap, levelled, refused in one line."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tasnet2hef.audio.level import speech_level_dbfs
from tasnet2hef.audio.speakers import group_by_speaker
from tasnet2hef.base.errors import AudioError
from tasnet2hef.train.dataset import INPUT_LEVEL_DBFS, LEVEL_SPREAD_DB, Dataset, read_dataset
from tasnet2hef.train.mixture_corpus import MixtureCorpus, find_mixtures
from tasnet2hef.train.speaker_corpus import enough_speakers, split_speakers
from tasnet2hef.train.split import split_by_name
from tests.random_weights import small_spec
from tests.train.conftest import RATE_HZ, tone, write_speech

SPEC = small_spec()


def read(folder: Path, seconds: float = 0.4, speakers: str = "") -> Dataset:
    return read_dataset(folder, SPEC, seconds=seconds, clips=(3, 4), speakers=speakers)


def write_mixtures(folder: Path, style: str, count: int = 12, *, noise: float = 0.0) -> Path:
    """Write mixtures as WHAM! lays them out, as this project names them, or with LibriMix's table."""
    rows = []
    for number in range(count):
        sources = [tone(150.0, number), tone(900.0, number + 50)]
        mixture = sum(sources) + noise * np.random.default_rng(number).standard_normal(len(sources[0]))
        if style == "named":
            paths = [folder / f"{number}_mixture.wav", *(folder / f"{number}_source_{k}.wav" for k in (1, 2))]
        else:
            paths = [folder / place / f"{number}.wav" for place in ("mix_clean", "s1", "s2")]
        if style == "table":
            paths = [folder / "audio" / f"{number}_{place}.wav" for place in ("x", "y", "z")]
        for path, samples in zip(paths, [mixture, *sources], strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, samples, RATE_HZ, subtype="FLOAT")
        rows.append([str(number), *(str(path.relative_to(folder)) for path in paths)])
    if style == "table":
        with (folder / "mixture_train_mix_clean.csv").open("w", newline="") as lines:
            names = ("mixture_ID", "mixture_path", "source_1_path", "source_2_path")
            csv.writer(lines).writerows([names, *rows])
    return folder


def test_speech_is_mixed_from_different_speakers(speech_folder: Path) -> None:
    dataset = read(speech_folder)
    assert dataset.has_sources
    clips = dataset.training.batch(seed=1, step=5, size=3)
    assert clips.shape == (3, 2, 3200)
    np.testing.assert_array_equal(clips, read(speech_folder).training.batch(1, 5, 3))
    assert not np.array_equal(clips, dataset.training.batch(1, 6, 3))
    for clip in clips:
        peaks_hz = [np.abs(np.fft.rfft(source)).argmax() * RATE_HZ / 3200 for source in clip]
        assert min(peaks_hz) < 300
        assert max(peaks_hz) > 700


def test_mixtures_have_the_level_that_the_host_brings_its_input_to(speech_folder: Path) -> None:
    dataset = read(speech_folder)
    for clip in (*dataset.validation, *dataset.test):
        assert speech_level_dbfs(clip.sum(axis=0), RATE_HZ) == pytest.approx(INPUT_LEVEL_DBFS, abs=0.01)
    levels = [speech_level_dbfs(clip.sum(axis=0), RATE_HZ) for clip in dataset.training.batch(0, 0, 40)]
    assert max(abs(level - INPUT_LEVEL_DBFS) for level in levels) <= LEVEL_SPREAD_DB + 0.01
    assert np.std(levels) > 1


def test_no_recording_is_in_two_parts(speech_folder: Path) -> None:
    split = split_speakers(group_by_speaker(speech_folder).speakers, speech_folder, 2)
    paths = [
        path
        for part in (split.training, split.validation, split.test)
        for group in part.values()
        for path in group
    ]
    assert len(paths) == len(set(paths)) == 16
    assert all(len(part) == 2 for part in (split.training, split.validation, split.test))


@pytest.fixture
def single_files(tmp_path: Path) -> Path:
    for number in range(24):
        soundfile.write(tmp_path / f"{number}.wav", tone(150.0 + 30 * number, number), RATE_HZ)
    return tmp_path


def test_single_recordings_are_a_question(single_files: Path) -> None:
    with pytest.raises(
        AudioError, match=r"24 recordings whose names don't say who speaks.*--one-speaker.*files \(24"
    ):
        read(single_files)


def test_each_file_is_a_speaker_where_that_is_said(single_files: Path) -> None:
    dataset = read(single_files, speakers="files")
    assert dataset.has_sources
    assert "24 recordings, 24 speakers, told apart by --speakers files" in dataset.notes[0]
    speakers = group_by_speaker(single_files, "files").speakers
    split = split_speakers(speakers, single_files, 2)
    assert [len(part) for part in (split.training, split.validation, split.test)] == [17, 3, 4]


def test_one_voice_is_mixed_with_itself_where_that_is_said(single_files: Path) -> None:
    dataset = read(single_files, speakers="one")
    assert "1 speaker" in dataset.notes[0]
    assert "one voice with itself" in dataset.notes[1]
    parts = enough_speakers(group_by_speaker(single_files, "one"), single_files, 2, "one")
    assert [len(paths) for paths in parts.values()] == [12, 12]
    assert not set.intersection(*map(set, parts.values()))


def test_an_empty_recording_is_left_out(speech_folder: Path) -> None:
    prompts = [path for path in speech_folder.rglob("*.wav") if path.stem in ("low3", "high5")]
    for path in prompts:
        soundfile.write(path, np.zeros(0), RATE_HZ)
    assert read(speech_folder).training.batch(0, 0, 2).shape == (2, 2, 3200)


def test_one_speaker_by_the_names_is_too_few(tmp_path: Path) -> None:
    for number in range(6):
        soundfile.write(tmp_path / f"19-198-{number:04}.wav", tone(150.0, number), RATE_HZ)
    with pytest.raises(
        AudioError, match=r"6 recordings, 1 speaker, told apart by LibriSpeech's names.*--one-speaker"
    ):
        read(tmp_path)


def test_a_split_does_not_depend_on_the_order() -> None:
    names = [f"{number}.wav" for number in range(40)]
    assert split_by_name(names, names) == split_by_name(names[::-1], names[::-1])


@pytest.mark.parametrize("style", ["folders", "named", "table"])
def test_existing_mixtures_are_found_with_their_sources(tmp_path: Path, style: str) -> None:
    folder = write_mixtures(tmp_path / "set", style)
    assert [len(file.sources) for file in find_mixtures(folder, 2)] == [2] * 12
    clips = read(folder).training.batch(0, 0, 2)
    assert clips.shape == (2, 3, 3200)
    np.testing.assert_allclose(clips[:, 2], 0, atol=1e-6)


def test_noise_is_a_row_of_its_own(tmp_path: Path) -> None:
    folder = write_mixtures(tmp_path / "set", "folders", noise=0.01)
    clips = MixtureCorpus(find_mixtures(folder, 2), 3200, RATE_HZ).batch(0, 0, 4)
    assert clips[:, 2].std() == pytest.approx(0.01, rel=0.1)


def test_mixtures_without_sources_are_enough(tmp_path: Path) -> None:
    folder = write_mixtures(tmp_path / "set", "folders")
    (folder / "s1" / "3.wav").unlink()
    dataset = read(folder)
    assert not dataset.has_sources
    assert "agreement with the original" in dataset.notes[0]
    assert dataset.training.batch(0, 0, 2).shape == (2, 1, 3200)


def test_a_short_mixture_is_repeated(tmp_path: Path) -> None:
    folder = write_mixtures(tmp_path / "set", "named")
    clip = MixtureCorpus(find_mixtures(folder, 2), 8000, RATE_HZ).draw(0, 0)
    np.testing.assert_array_equal(clip[:, 4800:8000], clip[:, :3200])


def test_a_net_of_one_source_needs_mixtures(speech_folder: Path, tmp_path: Path) -> None:
    spec = small_spec(n_src=1)
    with pytest.raises(AudioError, match="a net of one source separates it from noise"):
        read_dataset(speech_folder, spec, seconds=0.4, clips=(2, 2))
    folder = write_mixtures(tmp_path / "set", "named", noise=0.01)
    dataset = read_dataset(folder, spec, seconds=0.4, clips=(2, 2))
    assert dataset.training.batch(0, 0, 2).shape == (2, 2, 3200)


def test_refusals(tmp_path: Path, speech_folder: Path) -> None:
    with pytest.raises(AudioError, match="nowhere: found nothing, expected a folder of speech"):
        read(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(AudioError, match="empty: found no recordings, expected a folder of speech"):
        read(tmp_path / "empty")
    for path in sorted((speech_folder / "low").iterdir())[1:]:
        path.unlink()
    with pytest.raises(AudioError, match="found 9 recordings of 2 speakers"):
        read(speech_folder)
    with pytest.raises(AudioError, match="found 4000 Hz, expected at least the model's 8000 Hz"):
        read(write_speech(tmp_path / "slow", rate_hz=4000))
    with pytest.raises(AudioError, match="found speech of 0 speakers, the recordings of 2 are silent"):
        read(write_speech(tmp_path / "silent", gain=0.0))
    folder = write_mixtures(tmp_path / "table", "table")
    (folder / "audio" / "4_y.wav").unlink()
    with pytest.raises(AudioError, match=r"csv: names audio/4_y\.wav, which is missing"):
        read(folder)
    folder = write_mixtures(tmp_path / "few", "named", count=2)
    with pytest.raises(AudioError, match="found 2 mixtures, expected at least 4"):
        read(folder)
    folder = write_mixtures(tmp_path / "cut", "named")
    for number in range(12):
        soundfile.write(folder / f"{number}_source_1.wav", tone(150.0, 0)[:-7], RATE_HZ)
    with pytest.raises(AudioError, match="found 4800 samples, its sources have 4793, 4800; cut all to one length"):
        read(folder)
