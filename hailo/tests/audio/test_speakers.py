"""Speakers are told apart as data sets name their files; what names don't say is a question with the choices."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasnet2hef.audio.speakers import group_by_speaker
from tasnet2hef.base.errors import AudioError, OptionError


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


@pytest.mark.parametrize(
    ("names", "rule", "counts"),
    [
        (("19-198-0001.flac", "19-227-0000.flac", "26-495-0003.flac"), "LibriSpeech's names", {"19": 2, "26": 1}),
        (
            ("train-clean-100/19/198/19-198-0001.flac", "x/26/495/26-495-0000.flac"),
            "LibriSpeech",
            {"19": 1, "26": 1},
        ),
        (("84_121123_000007_000001.wav", "174_50561_000005_000000.wav"), "LibriTTS", {"84": 1, "174": 1}),
        (("wav48/p225_001.wav", "wav48/p225_002_mic1.flac", "p226_001.wav"), "VCTK", {"p225": 2, "p226": 1}),
        (("si_tr_s/011/011a0101.wav", "01t/01to030v.wav", "011c0201.wav"), "WSJ0", {"011": 2, "01t": 1}),
        (
            ("wav/id10001/1zcIwhmdeo4/00001.wav", "wav/id10002/x/00001.wav"),
            "VoxCeleb",
            {"id10001": 1, "id10002": 1},
        ),
        (
            ("DR1/FCJF0/SA1.WAV", "DR1/FCJF0/SX37.WAV.wav", "DR2/MABW0/SI1230.WAV"),
            "TIMIT",
            {"FCJF0": 2, "MABW0": 1},
        ),
        (
            ("en_US_f_Allison/dictate/a.wav", "en_US_f_Allison/b.wav", "it_IT_m_Carlo/digits/1.wav"),
            "Asterisk",
            {"en_US_f_Allison": 2, "it_IT_m_Carlo": 1},
        ),
        (
            ("cmu_us_slt_arctic/wav/arctic_a0001.wav", "cmu_us_bdl_arctic/wav/arctic_a0001.wav"),
            "CMU ARCTIC",
            {"cmu_us_slt": 1, "cmu_us_bdl": 1},
        ),
        (("LJ001-0001.wav", "LJ002-0004.wav"), "LJSpeech", {"LJ": 2}),
        (("19-198-0001.flac", "p225_001.wav"), "LibriSpeech's names and VCTK's names", {"19": 1, "p225": 1}),
        (("alice/a.wav", "alice/more/b.wav", "bob/c.wav"), "their folders", {"alice": 2, "bob": 1}),
        (
            ("set/train/alice/a.wav", "set/test/bob/a.wav", "set/test/alice/b.wav"),
            "folders",
            {"alice": 2, "bob": 1},
        ),
        (("alice/s001_001.wav", "alice/s002_001.wav", "bob/s001_001.wav"), "folders", {"alice": 2, "bob": 1}),
        (("alice/activate.wav", "bob/deadbeef.wav"), "folders", {"alice": 1, "bob": 1}),
    ],
)
def test_names_and_folders(tmp_path: Path, names: tuple[str, ...], rule: str, counts: dict[str, int]) -> None:
    groups = group_by_speaker(touch(tmp_path, *names))
    assert {name: len(paths) for name, paths in groups.speakers.items()} == counts
    assert rule in groups.rule
    assert f"{len(names)} recordings, {len(counts)} speaker" in groups.sentence(tmp_path)


def test_the_folder_itself_may_name_the_speaker(tmp_path: Path) -> None:
    folder = touch(tmp_path / "fr_CA_f_June", "a.wav", "digits/1.wav")
    assert list(group_by_speaker(folder).speakers) == ["fr_CA_f_June"]


def test_a_table_of_common_voice(tmp_path: Path) -> None:
    touch(tmp_path, *(f"clips/common_voice_{number}.wav" for number in range(4)))
    rows = ["client_id\tpath\tsentence", *(f'{"ab"[k % 2] * 20}\tcommon_voice_{k}.mp3\t"hm' for k in range(4))]
    (tmp_path / "validated.tsv").write_text("\n".join(rows))
    (tmp_path / "other.tsv").write_text("x\ty\n1\t2\n")
    groups = group_by_speaker(tmp_path)
    assert [len(paths) for paths in groups.speakers.values()] == [2, 2]
    assert "Common Voice" in groups.sentence(tmp_path)


@pytest.mark.parametrize(
    ("names", "choices"),
    [
        (("dictate/a.wav", "digits/1.wav", "digits/2.wav"), "--speakers folders (2 speakers: dictate, digits)"),
        (("a.wav", "b.wav", "folder/c.wav"), "--speakers files (3, one a file)"),
        (("alice_1.wav", "alice_2.wav", "alice_3.wav", "bob_1.wav", "bob_2.wav"), "'{speaker}_*' (2: alice, bob)"),
        (("train/1.wav", "train/2.wav", "test/1.wav"), "--one-speaker (a single voice)"),
        (("alone/1.wav", "alone/2.wav"), "--one-speaker (a single voice)"),
    ],
)
def test_what_names_do_not_say_is_a_question(tmp_path: Path, names: tuple[str, ...], choices: str) -> None:
    with pytest.raises(AudioError) as caught:
        group_by_speaker(touch(tmp_path, *names))
    assert f"found {len(names)} recordings whose names don't say who speaks" in str(caught.value)
    assert choices in str(caught.value)


@pytest.mark.parametrize(
    ("way", "counts"),
    [
        ("folders", [2, 1]),
        ("files", [1, 1, 1]),
        ("one", [3]),
        ("{speaker}_*", [2, 1]),
        ("*/{speaker}_*.wav", [2, 1]),
        ("**_{speaker}.wav", [2, 1]),
    ],
)
def test_what_is_asked_for_is_done(tmp_path: Path, way: str, counts: list[int]) -> None:
    folder = touch(tmp_path, "digits/ann_1.wav", "digits/bob_2.wav", "letters/ann_1.wav")
    groups = group_by_speaker(folder, way)
    assert sorted(map(len, groups.speakers.values()), reverse=True) == counts


def test_recordings_that_name_no_speaker_are_counted(tmp_path: Path) -> None:
    folder = touch(tmp_path, *(f"p225_{number:03}.wav" for number in range(20)), "noise.wav")
    assert "1 recording left out that name no speaker (noise.wav)" in group_by_speaker(folder).sentence(folder)


def test_refusals(tmp_path: Path) -> None:
    folder = touch(tmp_path, "a.wav")
    with pytest.raises(AudioError, match="is a file, expected a folder of speech"):
        group_by_speaker(folder / "a.wav")
    with pytest.raises(
        OptionError, match=r"found '\*_', expected `folders`, `files` or a pattern with one {speaker}"
    ):
        group_by_speaker(folder, "*_")
    with pytest.raises(OptionError, match=r"--speakers {speaker}-x\*: fits none of 1 recordings .*a\.wav is one"):
        group_by_speaker(folder, "{speaker}-x*")
