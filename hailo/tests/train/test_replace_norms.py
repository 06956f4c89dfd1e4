"""From file to file: freezing, distilling, resuming, and the level that travels with the result."""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from tasnet2hef.base.errors import CheckpointError, OptionError, RefusedError
from tasnet2hef.base.supervise.lock import locked
from tasnet2hef.cli.main import make_app, run
from tasnet2hef.model.checkpoint import load_checkpoint
from tasnet2hef.model.export import ExportOptions, export_file
from tasnet2hef.model.network.reference import ReferenceTasNet
from tasnet2hef.runtime.backends.onnxruntime import OnnxRuntimeBackend
from tasnet2hef.runtime.separate import separate_array
from tasnet2hef.train.dataset import INPUT_LEVEL_DBFS
from tasnet2hef.train.options import DistilOptions, FreezeOptions, SpeechOptions, Variant
from tasnet2hef.train.replace_norms import distil_file, freeze_file
from tasnet2hef.train.saving import serialize

MakeTeacher = Callable[..., ReferenceTasNet]
STRICT = SpeechOptions(seconds=0.4, test_clips=3, validation_clips=2)
SPEECH = dataclasses.replace(STRICT, any_data=True)
"""Random weights separate nothing, which is refused otherwise."""
FREEZE = FreezeOptions(clips=4)
SHORT = DistilOptions(steps=6, batch=2, rate=3e-4, truth=0.0, validate_every=2)


@pytest.fixture
def teacher_file(make_teacher: MakeTeacher, tmp_path: Path) -> str:
    path = tmp_path / "teacher.pth"
    torch.save(serialize(make_teacher()), path)
    return str(path)


@pytest.mark.slow
def test_freezing_reports_and_writes(teacher_file: str, speech_folder: Path, tmp_path: Path) -> None:
    report = freeze_file(teacher_file, speech_folder, tmp_path / "frozen.pth", FREEZE, SPEECH)
    report_json = json.loads(json.dumps(report.to_json()))
    assert set(report_json["si_sdr_improvement_db"]) == {"original", "result"}
    assert [row["dbfs"] for row in report_json["by_input_level"]] == [-35, -30, -25, -20, -15]
    assert 0 < report_json["compiled_layers"] < report_json["parsed_layers"]
    assert report_json["macs_per_s"] > 0
    levelled = [row["result"] for row in report_json["by_input_level"]]
    assert levelled == pytest.approx([levelled[0]] * 5, abs=0.05), "the host's levelling hides the input's level"
    same = report_json["by_input_level"][2]
    assert same["result"] == pytest.approx(same["unlevelled"], abs=0.05), "held-out clips are at the level already"
    assert load_checkpoint(report.path).spec.norm_type == "bN"


@pytest.mark.parametrize("command", [freeze_file, distil_file])
def test_an_original_that_does_not_separate_this_speech_is_no_measure(
    command: Callable[..., object], teacher_file: str, speech_folder: Path, tmp_path: Path
) -> None:
    options = SHORT if command is distil_file else FREEZE
    words = r"an SI-SDR improvement of -?\d+\.\d+ dB by the original itself.*16 recordings, 2 speakers.*--any-data"
    with pytest.raises(RefusedError, match=words):
        command(teacher_file, speech_folder, tmp_path / "student.pth", options, STRICT)
    assert not list(tmp_path.glob("student*"))


@pytest.mark.slow
def test_the_level_travels_from_checkpoint_to_separation(
    teacher_file: str, speech_folder: Path, tmp_path: Path
) -> None:
    freeze_file(teacher_file, speech_folder, tmp_path / "frozen.pth", FREEZE, SPEECH)
    path = tmp_path / "frozen.onnx"
    export_file(str(tmp_path / "frozen.pth"), path, ExportOptions(seconds=0.5))
    backend = OnnxRuntimeBackend(path, threads=1)
    assert backend.contract.input_level_dbfs == INPUT_LEVEL_DBFS
    mixture = np.random.default_rng(0).standard_normal((1, 9000)).astype(np.float32) * 0.1
    loud, quiet = (separate_array(backend, mixture * gain, 8000, raw_scale=True).sources for gain in (1.0, 0.01))
    np.testing.assert_allclose(quiet, loud * 0.01, atol=2e-5 * np.abs(loud).max())


@pytest.mark.slow
def test_a_run_that_was_cut_ends_with_the_same_student(
    teacher_file: str, speech_folder: Path, tmp_path: Path
) -> None:
    whole = distil_file(teacher_file, speech_folder, tmp_path / "whole.pth", SHORT, SPEECH)
    assert whole.steps == 6

    class CutError(Exception):
        pass

    def cut(step: int, loss_db: float, score: float | None) -> None:
        if step == 5:
            raise CutError

    output = tmp_path / "cut.pth"
    with pytest.raises(CutError):
        distil_file(teacher_file, speech_folder, output, SHORT, SPEECH, cut)
    assert not output.exists()
    assert distil_file(teacher_file, speech_folder, output, SHORT, SPEECH).steps == 6
    weights = [load_checkpoint(path).weights for path in (whole.path, output)]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    with (tmp_path / "cut.training" / "log.csv").open() as lines:
        assert [int(row["step"]) for row in csv.DictReader(lines)] == [2, 4, 6]


@pytest.mark.slow
def test_training_keeps_what_folds_and_helps(teacher_file: str, speech_folder: Path, tmp_path: Path) -> None:
    options = dataclasses.replace(SHORT, steps=40, validate_every=20, rate=3e-3, noise_bits=8, truth=0.5)
    report = distil_file(teacher_file, speech_folder, tmp_path / "student.pth", options, SPEECH)
    weights = load_checkpoint(report.path).weights
    biases = [name for name in weights if name.endswith("shared_block.2.bias")]
    assert biases
    assert not any(weights[name].any() for name in biases)
    frozen = freeze_file(teacher_file, speech_folder, tmp_path / "frozen.pth", FreezeOptions(), SPEECH)
    assert report.result_db > frozen.result_db


@pytest.mark.slow
@pytest.mark.parametrize(("variant", "norm"), [(Variant("cLN", causal=True), "cLN"), (Variant(hid_chan=4), "bN")])
def test_variants_are_trained_too(
    teacher_file: str, speech_folder: Path, tmp_path: Path, variant: Variant, norm: str
) -> None:
    options = dataclasses.replace(SHORT, steps=2, variant=variant)
    report = distil_file(teacher_file, speech_folder, tmp_path / "student.pth", options, SPEECH)
    assert report.spec.norm_type == norm
    assert load_checkpoint(report.path).input_level_dbfs == (INPUT_LEVEL_DBFS if norm == "bN" else None)


@pytest.mark.slow
def test_another_run_in_the_folder_is_refused(teacher_file: str, speech_folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "student.pth"
    distil_file(teacher_file, speech_folder, output, dataclasses.replace(SHORT, steps=1), SPEECH)
    other = dataclasses.replace(SHORT, steps=1, truth=0.5)
    with pytest.raises(CheckpointError, match=r"found a run with truth=0\.0, expected truth=0\.5"):
        distil_file(teacher_file, speech_folder, output, other, SPEECH)
    distil_file(teacher_file, speech_folder, output, dataclasses.replace(other, fresh=True), SPEECH)


def test_a_rate_that_explodes_is_one_line(teacher_file: str, speech_folder: Path, tmp_path: Path) -> None:
    options = dataclasses.replace(SHORT, steps=300, rate=1e30)
    with pytest.raises(RefusedError, match=r"step \d+: found a loss of .* the last good state is kept"):
        distil_file(teacher_file, speech_folder, tmp_path / "student.pth", options, SPEECH)
    assert not (tmp_path / "student.pth").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [("truth", 1.5), ("noise_bits", 1), ("steps", 0), ("rate", float("nan")), ("device", "abacus")],
)
def test_options_out_of_range_are_refused(name: str, value: object) -> None:
    with pytest.raises(OptionError, match=f"{name.replace('_', '-')}: found"):
        dataclasses.replace(SHORT, **{name: value})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["freeze", "none.pth", "speech"], "none.pth"),
        (["freeze", "{teacher}", "nowhere"], "nowhere: found nothing"),
        (["freeze", "{teacher}", "{speech}", "--edges", "cut", "--any-data"], "edges: found 'cut'"),
        (["freeze", "{teacher}", "{speech}", "--hw", "hailo9"], "hailo9: no such chip"),
        (["freeze", "{teacher}", "{speech}", "--seconds", "0.001"], "seconds: found 0.001 s"),
        (["freeze", "{teacher}", "{speech}", "--seconds", "nan"], "seconds: found nan"),
        (["distil", "{teacher}", "{speech}", "--norm", "gLN"], "norm: found 'gLN'"),
        (["distil", "{teacher}", "{speech}", "--hid-chan", "99"], "hid-chan: found 99"),
        (["distil", "{teacher}", "{speech}", "--device", "abacus"], "device: found 'abacus'"),
    ],
)
def test_bad_input_is_one_line(
    arguments: list[str],
    words: str,
    teacher_file: str,
    speech_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    places = {"teacher": teacher_file, "speech": speech_folder}
    output = tmp_path / "out" / "student.pth"
    assert run(make_app(), [argument.format(**places) for argument in arguments] + ["-o", str(output)]) == 2
    error = capsys.readouterr().err.strip()
    assert words in error
    assert "\n" not in error
    assert not output.parent.exists()


def _run_in(folder: Path, name: str, run_file: Callable[..., object], *arguments: object) -> bytes:
    folder.mkdir()
    run_file(*arguments[:2], folder / name, *arguments[2:])
    return (folder / name).read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize(("run_file", "options"), [(freeze_file, FREEZE), (distil_file, SHORT)])
def test_the_same_work_makes_the_same_bytes(
    teacher_file: str, speech_folder: Path, tmp_path: Path, run_file: Callable[..., object], options: object
) -> None:
    arguments = (teacher_file, speech_folder, options, SPEECH)
    first = _run_in(tmp_path / "a", "frozen.pth", run_file, *arguments)
    assert _run_in(tmp_path / "b", "another_name.pt", run_file, *arguments) == first


@pytest.mark.slow
def test_the_result_of_an_equal_run_is_replaced_and_no_other(
    make_teacher: MakeTeacher, teacher_file: str, speech_folder: Path, tmp_path: Path
) -> None:
    output = tmp_path / "frozen.pth"
    freeze_file(teacher_file, speech_folder, output, FREEZE, SPEECH)
    freeze_file(teacher_file, speech_folder, output, FreezeOptions(clips=5), SPEECH)
    other = tmp_path / "other.pth"
    changed = serialize(make_teacher())
    next(iter(changed["state_dict"].values())).mul_(0.5)
    torch.save(changed, other)
    before = output.read_bytes()
    with pytest.raises(OptionError, match="that this command made from other inputs"):
        freeze_file(str(other), speech_folder, output, FREEZE, SPEECH)
    with pytest.raises(OptionError, match="an input would be overwritten"):
        freeze_file(str(other), speech_folder, other, FREEZE, SPEECH, force=True)
    assert output.read_bytes() == before


@pytest.mark.parametrize("name", ["options.yaml", "teacher.pth"])
def test_files_of_the_checkpoint_are_inputs(
    teacher_file: str, speech_folder: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / "options.yaml").write_text("seconds: 4")
    (tmp_path / "link.pth").symlink_to(name)
    with pytest.raises(OptionError, match="an input would be overwritten"):
        freeze_file(teacher_file, speech_folder, tmp_path / "link.pth", FREEZE, SPEECH, force=True)


def test_a_second_run_in_the_same_folder_is_told_so(
    teacher_file: str, speech_folder: Path, tmp_path: Path
) -> None:
    with locked(tmp_path / "student.training"), pytest.raises(OptionError, match="found another run at work"):
        distil_file(teacher_file, speech_folder, tmp_path / "student.pth", SHORT, SPEECH)


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_of_the_user_is_not_emptied(
    teacher_file: str, speech_folder: Path, tmp_path: Path, force: bool
) -> None:
    kept = tmp_path / "student.training" / "voice.wav"
    kept.parent.mkdir()
    kept.write_bytes(b"mine")
    fresh = dataclasses.replace(SHORT, fresh=True, steps=1, validate_every=1)
    if force:
        distil_file(teacher_file, speech_folder, tmp_path / "student.pth", fresh, SPEECH, force=True)
    else:
        with pytest.raises(OptionError, match="contains something other than a training"):
            distil_file(teacher_file, speech_folder, tmp_path / "student.pth", fresh, SPEECH)
    assert kept.read_bytes() == b"mine"


@pytest.mark.parametrize("command", [freeze_file, distil_file])
def test_a_place_that_is_a_folder_is_refused_before_the_work(
    command: Callable[..., object], speech_folder: Path, tmp_path: Path
) -> None:
    options = (SHORT, SPEECH) if command is distil_file else (FREEZE, SPEECH)
    with pytest.raises(OptionError, match="is a folder; give the name of a file"):
        command("none.pth", speech_folder, tmp_path, *options)


@pytest.mark.slow
def test_two_processes_train_one_student(teacher_file: str, speech_folder: Path, tmp_path: Path) -> None:
    """Under torchrun each process takes its own mixtures, and the first one writes."""
    short = ["--steps", "2", "--batch", "1", "--seconds", "0.4", "--validate-every", "2"]
    few = ["--validation-clips", "2", "--test-clips", "2", "--threads", "1"]
    output = tmp_path / "student.pth"
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "-m", "tasnet2hef"]
    command = [
        *launcher,
        "distil",
        teacher_file,
        str(speech_folder),
        "-o",
        str(output),
        "--any-data",
        *short,
        *few,
    ]
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    state = torch.load(tmp_path / "student.training" / "state.pt", weights_only=True)
    assert state["step"] == 2
    assert load_checkpoint(output).spec.norm_type == "bN"


def test_a_result_with_the_name_of_its_runs_folder_is_refused(
    teacher_file: str, speech_folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(OptionError, match=r"found the ending \.training, .* give another"):
        distil_file(teacher_file, speech_folder, tmp_path / "student.training", SHORT, SPEECH)
    assert not list(tmp_path.glob("student*"))
