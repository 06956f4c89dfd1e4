from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tasnet2hef.base.errors import InputError
from tasnet2hef.diagnose.selftest.device_check import DeviceState, check_program, look_at_device
from tasnet2hef.diagnose.selftest.stage import judge
from tasnet2hef.runtime.backends.hailort.device import DeviceFacts
from tasnet2hef.runtime.backends.hailort.sidecar import HefSidecar, Port
from tasnet2hef.runtime.reference_clips import Reference, read_reference, save_reference
from tasnet2hef.runtime.speech_windows import separate_clips, speech_clips


@pytest.fixture
def expected():
    return np.random.default_rng(0).standard_normal((2, 2, 500)).astype(np.float32)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda found: found * 0, "nothing but zeros"),
        (lambda found: found * np.nan, "NaN or infinite"),
        (lambda found: found[:, ::-1], "another order"),
        (lambda found: found * 0.5, "-6.0 dB off: a scale is wrong"),
        (lambda found: np.roll(found, 3, axis=-1), "the sources are others"),
    ],
)
def test_a_broken_stage_says_how(expected, change, reason):
    stage = judge("stage", "file", expected, change(expected), 15.0)
    assert stage.outcome == "broken"
    assert reason in stage.reason


def test_the_worst_source_of_the_worst_clip_counts(expected):
    found = expected.copy()
    found[1, 0] *= 1.1
    stage = judge("stage", "file", expected, found, 15.0)
    assert stage.agreement_db == pytest.approx(20.0, abs=1e-4)
    assert stage.outcome == "good"


def test_references_are_read_as_written(tmp_path, contract):
    made = Reference(np.ones((2, 800), np.float32), np.ones((2, 2, 800), np.float32))
    path = save_reference(tmp_path / "net.selftest.npz", made)
    found = read_reference(path, contract())
    np.testing.assert_array_equal(found.clips, made.clips)
    np.testing.assert_array_equal(found.sources, made.sources)
    with pytest.raises(InputError, match=r"expected clips of 400 samples and 2 sources each; export"):
        read_reference(path, contract(window_frames=49))
    content = path.read_bytes()
    for size in range(0, len(content), 37):
        path.write_bytes(content[:size])
        with pytest.raises(InputError, match=r"not a self-test's reference"):
            read_reference(path, contract())


def test_clips_fill_columns_and_leave_silence(sign_split, contract):
    backend = sign_split(contract(streams=4))
    clips = speech_clips(backend.contract, 6)
    found = separate_clips(backend, clips)
    np.testing.assert_array_equal(found, np.stack([np.maximum(clips, 0), np.minimum(clips, 0)], axis=1))
    assert backend.runs == 2


def record(contract, **options) -> HefSidecar:
    port = Port("frames", (100, 1, 8), ("frames",))
    return HefSidecar(contract=contract(), inputs=(port,), outputs=(port,), **options)


@pytest.mark.parametrize(
    ("hardware", "chip", "compiler", "runtime_version", "verdicts"),
    [
        ("hailo8", "hailo8", "3.33.1", "4.23.0", ["ok", "ok"]),
        ("hailo8l", "hailo8", "3.33.1", "4.20.0", ["warning", "warning"]),
        ("hailo8", "hailo8l", "3.34.0", "4.23.0", ["broken", "warning"]),
        ("hailo8", "hailo8_a0", "9.9", "4.23.0", ["ok", "warning"]),
        ("", "hailo8", "", "4.23.0", []),
        ("hailo8", "", "3.33.0", "", []),
    ],
)
def test_programs_are_held_against_the_device(contract, hardware, chip, compiler, runtime_version, verdicts):
    state = DeviceState((), runtime_version, (DeviceFacts("0", chip),))
    found = check_program(record(contract, hardware=hardware, compiler=compiler), state)
    assert [check.verdict for check in found] == verdicts
    assert all(bool(check.advice) == (check.verdict != "ok") for check in found)


@pytest.mark.parametrize(("driver", "verdict"), [("4.23.0", "ok"), ("4.20.0", "warning"), (None, "warning")])
def test_the_driver_is_held_against_the_runtime(tmp_path, runtime, driver, verdict):
    runtime("4.23.0")
    if driver:
        (tmp_path / "version").write_text(f"{driver}\n")
    checks = {check.what: check for check in look_at_device(tmp_path / "version").checks}
    assert checks["driver"].verdict == verdict
    assert checks["device"].found == "0000:01:00.0 hailo8"


def test_a_device_that_another_program_holds_is_no_absent_one(tmp_path, runtime):
    runtime(fail={"VDevice": ["", "HAILO_OUT_OF_PHYSICAL_DEVICES"]})
    assert look_at_device(tmp_path / "version", tmp_path).absent
    (tmp_path / "hailo0").touch()
    assert not look_at_device(tmp_path / "version", tmp_path).absent


def test_clips_come_at_the_level_that_a_net_expects(contract):
    heard = speech_clips(contract(), 2)
    levelled = speech_clips(replace(contract(), input_level_dbfs=-40.0), 2)
    assert levelled.shape == heard.shape == (2, 800)
    gain = np.abs(levelled).max() / np.abs(heard).max()
    np.testing.assert_allclose(levelled, gain * heard, rtol=1e-5, atol=1e-9)
    assert gain < 0.5
