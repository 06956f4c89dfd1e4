"""Runs against the stand-in that go wrong: every one ends as a result, explained, and nothing is made up."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tasnet2hef.base.errors import GraphError, InputError, OptionError
from tasnet2hef.base.supervise import lock as run_lock
from tests.compiler.conftest import Bench, FinishedRun, minutes, wait_until
from tests.quantize.small_net import save_net

HANGS_SECONDS = 3.0
"""After which a stage that hangs is stopped; enough for its process to start on a busy machine."""

RECORDED = [
    ("translate", "UnsupportedShuffleLayerError in op /model/Reshape: Failed to determine type", "shuffle-layer"),
    (
        "optimize",
        "NegativeSlopeExponentNonFixable: Quantization failed in layer small/ne_activation_avgpool6 due to "
        "unsupported "
        "required slope. Desired shift is 10.0, but op has only 8 data bits",
        "mean-too-long",
    ),
    (
        "optimize",
        "NegativeSlopeExponentNonFixable: Desired shift is 10.0, but op has only 8 data bits",
        "slope-range",  # the net has no mean
    ),
    ("compile", "BackendAllocatorException: Super deconv is not supported with groups", "grouped-deconvolution"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("stage", "message", "signature"), RECORDED)
def test_a_recorded_failure_is_explained(
    bench: Bench, finished: FinishedRun, stage: str, message: str, signature: str
) -> None:
    bench.begin_at(stage, finished)
    bench.fault(stage, "raise", message)
    report = bench.compile()
    assert report.outcome == "failed"
    assert report.failure is not None
    assert (report.failure.signature, report.last and report.last.stage) == (signature, stage)
    assert message in report.failure.words
    assert bench.model.stem in " ".join(report.failure.commands)
    assert not (bench.folder / "out.hef").exists()


def test_the_same_input_is_never_tried_twice(bench: Bench) -> None:
    bench.fault("translate", "raise", "UnsupportedShuffleLayerError")
    bench.compile()
    bench.mend()
    report = bench.compile()
    assert report.outcome == "failed"
    assert report.records[-1].reused
    assert bench.calls() == ["translate"]


def test_a_reason_in_the_log_alone_is_found(bench: Bench, finished: FinishedRun) -> None:
    bench.begin_at("compile", finished)
    bench.fault("compile", "log", "[error] Reshape is needed for layers: conv2, conv3")
    report = bench.compile()
    assert report.failure is not None
    assert report.failure.signature == "reshape-needed"
    assert report.next_fallback is not None
    assert (report.next_fallback.id, report.next_fallback.manual) == ("window", True)
    assert "--seconds 0.05" in report.next_fallback.command, "half of the net's 0.1 s"


def test_an_unknown_failure_shows_the_last_lines(bench: Bench) -> None:
    bench.fault("translate", "raise", "the moon is in the wrong house")
    failure = bench.compile().failure
    assert failure is not None
    assert failure.signature == "unknown"
    assert "the moon is in the wrong house" in failure.cause
    assert any("log.txt" in command for command in failure.commands)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("message", "signatures"),
    [
        ("BackendAllocatorException: Compilation failed with unexpected crash", ("crash", "native-assertion")),
        ("a.cpp:7: f(): Assertion `x != nullptr' failed.", ("native-assertion",)),
        ("NewException: words that nobody has seen", ("unknown",)),
    ],
)
def test_a_crash_or_an_unknown_failure_of_a_tall_net_blames_no_width(
    bench: Bench, finished: FinishedRun, message: str, signatures: tuple[str, ...]
) -> None:
    bench.begin_at("compile", finished)
    bench.fault("compile", "raise", message)
    report = bench.compile()
    assert report.failure is not None
    assert report.failure.signature in signatures
    told = " ".join([report.failure.cause, report.failure.fix, *report.failure.commands])
    assert not [words for words in ("512,000", "tall", "convert", "shorter") if words in told]
    assert (report.next_fallback, [each.id for each in report.tried]) == (None, ["as is"])
    assert report.last is not None
    written = (report.folder / report.last.log).with_name("failure_report.md").read_text(encoding="utf-8")
    assert message in written
    assert str(bench.folder) not in written


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "name"), [("segfault", "SIGSEGV"), ("abort", "SIGABRT")])
def test_a_crash_of_the_vendors_program_is_a_result(
    bench: Bench, finished: FinishedRun, kind: str, name: str
) -> None:
    bench.begin_at("compile", finished)
    bench.fault("compile", kind)
    report = bench.compile(attempts=1)
    assert report.failure is not None
    assert report.last is not None
    assert (report.failure.signature, report.last.ended) == ("crash", f"killed by {name}")


@pytest.mark.slow
def test_a_stage_out_of_time_is_stopped_with_all_its_processes(bench: Bench, finished: FinishedRun) -> None:
    bench.begin_at("compile", finished)
    bench.fault("compile", "hang")
    report = bench.compile(minutes=minutes(compile=HANGS_SECONDS), attempts=1)
    assert report.failure is not None
    assert report.failure.signature == "out-of-time"
    assert any("Iterations: 12345" in line for line in bench.display.messages), (
        "the compiler's last line was shown"
    )
    bench.mend()
    again = bench.compile(minutes=minutes(compile=HANGS_SECONDS), attempts=1)
    assert again.outcome == "failed", "the same limit again"
    assert bench.compile(minutes=minutes(compile=60), attempts=1).outcome == "done", "more time is another try"


@pytest.mark.slow
def test_processes_that_left_the_session_are_stopped_too(bench: Bench, finished: FinishedRun) -> None:
    bench.begin_at("compile", finished)
    bench.fault("compile", "hang with child")
    seen: set[int] = set()
    bench.watch = lambda: seen.update(_started_by(bench))
    bench.compile(minutes=minutes(compile=HANGS_SECONDS), attempts=1)
    assert len(seen) >= 2, "the stage, and what it had started in a session of its own"
    wait_until(lambda: not _started_by(bench), lambda: f"still at work: {_started_by(bench)}")


def _started_by(bench: Bench) -> list[int]:
    """Return the processes that the stand-in runs in, by the file that it was given."""
    calls = str(bench.folder / "calls.txt")
    return [process.pid for process in psutil.process_iter() if _calls_of(process) == calls]


def _calls_of(process: psutil.Process) -> str | None:
    try:
        return None if process.pid == os.getpid() else process.environ().get("STAND_IN_CALLS")
    except psutil.Error:
        return None


@pytest.mark.slow
def test_a_stage_that_takes_too_much_memory_is_stopped(bench: Bench) -> None:
    bench.fault("translate", "memory")
    report = bench.compile(memory_limit_bytes=300 << 20)
    assert report.failure is not None
    assert report.failure.signature == "out-of-memory"
    assert report.records[-1].peak_bytes > 300 << 20


@pytest.mark.slow
def test_a_full_disk_is_reported_and_tried_again(bench: Bench) -> None:
    bench.fault("optimize", "disk full")
    report = bench.compile()
    assert report.failure is not None
    assert report.failure.signature == "disk-full"
    assert "the machine stopped it" in report.stopped_because
    bench.mend()
    assert bench.compile().outcome == "done", "a full disk says nothing of the input"


def test_a_disk_that_is_full_for_the_driver_itself_is_one_line(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(run_lock, "_write", full)
    with pytest.raises(OptionError, match=r"out\.run: can't be written \(No space left on device\)"):
        bench.compile()


def test_a_calibration_set_of_another_model_is_refused(
    bench: Bench, calibrate: Callable[[Path], Path], tmp_path: Path
) -> None:
    bench.calibration = calibrate(save_net(tmp_path / "other.onnx", window_frames=49))
    with pytest.raises(GraphError, match=r"found windows of \[50, 1, 8\], expected the model's \[100, 1, 8\]"):
        bench.compile()
    assert bench.calls() == []


def test_files_that_are_not_there_are_reported(bench: Bench) -> None:
    bench.calibration = bench.folder / "none.npz"
    with pytest.raises(InputError, match=r"none\.npz: found nothing"):
        bench.compile()


def test_a_layer_that_is_not_in_the_net_stops_the_run_before_the_compiler(bench: Bench) -> None:
    script = bench.folder / "own.alls"
    script.write_text("quantization_param(conv999, precision_mode=a16_w16)\n")
    with pytest.raises(OptionError, match=r"own\.alls:1:20: no layer 'conv999'"):
        bench.compile(script=script)
    assert bench.calls() == []


@pytest.mark.slow
def test_a_script_that_the_compiler_refuses_is_reported(bench: Bench) -> None:
    script = bench.folder / "own.alls"
    script.write_text("normalization([0.0], [1.0])\n")
    failure = bench.compile(script=script).failure
    assert failure is not None
    assert failure.signature == "script-syntax"
