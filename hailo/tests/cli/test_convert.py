"""``convert``: questions, what answers them, and where the graph goes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("torch")

import torch

from tasnet2hef.audio.speech import speech_clip
from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.parity import signal_to_error_db
from tasnet2hef.cli.main import make_app, run
from tasnet2hef.cli.to_hef import onnx_path
from tasnet2hef.model.checkpoint import load_checkpoint
from tests.model.checkpoint.foreign_nets_more import save_speechbrain_folder, speechbrain
from tests.model.checkpoint.small_nets import saved, small_weights

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("without_charts")]
ANSWERS = ["--set", "n_blocks=3", "--set", "mask_act=relu"]


def _convert(path: Path, *options: str) -> int:
    return run(make_app(), ["convert", str(path), "--seconds", "0.25", "-o", str(path.parent / "build"), *options])


def test_a_question_is_one_line_and_exit_code_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = saved(small_weights(), tmp_path / "net.pth")
    assert _convert(path) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "--set mask_act=sigmoid" in line
    assert "--assume" in line
    assert not (tmp_path / "build").exists()


def test_assume_takes_the_default_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _convert(saved(small_weights(), tmp_path / "net.pth"), "--assume", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["spec"]["mask_act"] == "sigmoid"
    assert "mask_act: assumed sigmoid, as --assume allows" in report["notes"]
    assert report["is_reading_proved"] is False


def test_reference_proves_or_refutes_the_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = saved(small_weights(), tmp_path / "net.pth")
    mixture = np.random.default_rng(3).standard_normal(4000).astype(np.float32)
    with torch.no_grad():
        net = load_checkpoint(path, {"n_blocks": 3, "mask_act": "relu"}).reference()
        np.savez(tmp_path / "outputs.npz", input=mixture, output=net(torch.from_numpy(mixture)[None])[0].numpy())
    reference = ["--reference", str(tmp_path / "outputs.npz")]
    assert _convert(path, *ANSWERS, *reference, "--verbose") == 0
    printed = capsys.readouterr()
    assert "genuine output / reading of the file" in printed.out
    assert "--reference" not in printed.err
    assert _convert(path, *ANSWERS, "--set", "mask_act=sigmoid", *reference) == 1
    assert "genuine output / reading of the file: found" in capsys.readouterr().err


def test_without_a_reference_the_table_says_what_it_proves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _convert(saved(small_weights(), tmp_path / "net.pth"), *ANSWERS, "--verbose") == 0
    printed = capsys.readouterr()
    assert "reading of the file / ONNX Runtime" in printed.out
    assert "--reference with an output of the genuine network proves it" in printed.err


def test_zero_padding_prints_its_price(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = save_speechbrain_folder(speechbrain(), tmp_path / "exp")
    assert _convert(folder) == 2
    assert "--zero-padding" in capsys.readouterr().err
    assert _convert(folder, "--zero-padding") == 0
    assert "pads with zeros where the net was trained with reflection:" in capsys.readouterr().err


def test_ends_on_the_host_separate_like_the_whole_graph(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _convert(saved(small_weights(), tmp_path / "net.pth"), *ANSWERS, "--ends", "host") == 0
    printed = capsys.readouterr().out
    assert "chip part" in printed
    assert "net.chip_part.onnx speech/ -o" in printed, "the next command is about the chip part"
    build, recording = tmp_path / "build", tmp_path / "clip.wav"
    soundfile.write(recording, speech_clip(8000, 8000), 8000)
    for graph in ("net", "net.chip_part"):
        asked = ["separate", str(build / f"{graph}.onnx"), str(recording), "-o", str(tmp_path / graph)]
        assert run(make_app(), [*asked, "--json"]) == 0
    for name in ("clip_source_1.wav", "clip_source_2.wav"):
        whole, chain = (soundfile.read(tmp_path / graph / name)[0] for graph in ("net", "net.chip_part"))
        assert signal_to_error_db(whole, chain) > 80.0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--segments", "2"], "ends host: found 2 segments beside it"),
        (["--streams", "2"], "ends on the host: found 2 streams"),
        (["--layout", "wide"], "ends on the host: found the layout wide"),
    ],
)
def test_what_ends_on_the_host_exclude_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    path = saved(small_weights(), tmp_path / "net.pth")
    assert _convert(path, *ANSWERS, "--ends", "host", *options) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert words in line
    assert not list((tmp_path / "build").glob("*"))
    assert _convert(path, *ANSWERS, "--ends", "cloud") == 2
    assert "ends: found 'cloud', expected chip or host" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("checkpoint", "name"),
    [
        ("a/final.pth.tar", "final"),
        ("net.th", "net"),
        ("exp/valid.loss.ave.pth", "valid.loss.ave"),
        ("o/n@main", "n"),
    ],
)
def test_the_graph_has_the_checkpoints_name(checkpoint: str, name: str, tmp_path: Path) -> None:
    assert onnx_path(checkpoint, tmp_path) == tmp_path / f"{name}.onnx"


def test_a_graph_never_replaces_its_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(b"")
    for output in (tmp_path, path):
        with pytest.raises(OptionError, match="is the checkpoint itself"):
            onnx_path(str(path), output)
