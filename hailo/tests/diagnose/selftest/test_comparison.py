from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tasnet2hef.base.errors import InputError
from tasnet2hef.diagnose.selftest.comparison import compare
from tasnet2hef.diagnose.selftest.device_check import DeviceState, diagnose_hef, examine_device
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
        (lambda sources: sources * 0, "nothing but zeros"),
        (lambda sources: sources * np.nan, "NaN or infinite"),
        (lambda sources: sources[:, ::-1], "in a different order"),
        (lambda sources: sources * 0.5, "-6.0 dB off: a scale is wrong"),
        (lambda sources: np.roll(sources, 3, axis=-1), "the sources differ"),
        (lambda sources: sources + 0.5 * sources[::-1, ::-1], "the right sources, with noise 5.9 dB below them"),
    ],
)
def test_an_error_has_its_cause(expected, change, reason):
    comparison = compare("name", "file", expected, change(expected), 15.0)
    assert comparison.status == "error"
    assert reason in comparison.reason


def test_the_worst_source_of_the_worst_clip_counts(expected):
    separated = expected.copy()
    separated[1, 0] *= 1.09
    comparison = compare("name", "file", expected, separated, 15.0)
    assert comparison.agreement_db == pytest.approx(20.9, abs=0.1)
    assert comparison.status == "ok"


@pytest.mark.parametrize(("gain", "floor_db", "status"), [(1.15, 15.0, "warning"), (1.00001, 80.0, "ok")])
def test_what_is_usable_is_a_warning(expected, gain, floor_db, status):
    separated = expected.copy()
    separated[1, 0] *= gain
    assert compare("name", "file", expected, separated, floor_db).status == status


def test_references_are_read_as_written(tmp_path, contract):
    reference = Reference(np.ones((2, 800), np.float32), np.ones((2, 2, 800), np.float32))
    path = save_reference(tmp_path / "net.selftest.npz", reference)
    actual = read_reference(path, contract())
    np.testing.assert_array_equal(actual.clips, reference.clips)
    np.testing.assert_array_equal(actual.sources, reference.sources)
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
    actual = separate_clips(backend, clips)
    np.testing.assert_array_equal(actual, np.stack([np.maximum(clips, 0), np.minimum(clips, 0)], axis=1))
    assert backend.runs == 2


def record(contract, **options) -> HefSidecar:
    port = Port("frames", (100, 1, 8), ("frames",))
    return HefSidecar(contract=contract(), inputs=(port,), outputs=(port,), **options)


@pytest.mark.parametrize(
    ("hardware", "chip", "compiler", "runtime_version", "statuses"),
    [
        ("hailo8", "hailo8", "3.33.1", "4.23.0", ["ok", "ok"]),
        ("hailo8l", "hailo8", "3.33.1", "4.20.0", ["warning", "warning"]),
        ("hailo8", "hailo8l", "3.34.0", "4.23.0", ["error", "warning"]),
        ("hailo8", "hailo8_a0", "9.9", "4.23.0", ["ok", "warning"]),
        ("", "hailo8", "", "4.23.0", []),
        ("hailo8", "", "3.33.0", "", []),
    ],
)
def test_hefs_are_compared_with_the_device(contract, hardware, chip, compiler, runtime_version, statuses):
    state = DeviceState((), runtime_version, (DeviceFacts("0", chip),))
    diagnoses = diagnose_hef(record(contract, hardware=hardware, compiler=compiler), state)
    assert [each.status for each in diagnoses] == statuses
    assert all(bool(each.advice) == (each.status != "ok") for each in diagnoses)


@pytest.mark.parametrize(("driver", "status"), [("4.23.0", "ok"), ("4.20.0", "warning"), (None, "warning")])
def test_the_driver_is_compared_with_the_runtime(tmp_path, runtime, driver, status):
    runtime("4.23.0")
    if driver:
        (tmp_path / "hailo_pci").mkdir()
        (tmp_path / "hailo_pci" / "version").write_text(f"{driver}\n")
    diagnoses = {each.what: each for each in examine_device(tmp_path).diagnoses}
    assert diagnoses["driver"].status == status
    assert diagnoses["device"].found == "0000:01:00.0 hailo8"


def test_a_device_that_another_program_holds_is_not_absent(tmp_path, runtime):
    runtime(fail={"VDevice": ["", "HAILO_OUT_OF_PHYSICAL_DEVICES"]})
    assert examine_device(tmp_path / "version", tmp_path).absent
    (tmp_path / "hailo0").touch()
    assert not examine_device(tmp_path / "version", tmp_path).absent


def test_clips_have_the_level_that_a_net_expects(contract):
    heard = speech_clips(contract(), 2)
    levelled = speech_clips(replace(contract(), input_level_dbfs=-40.0), 2)
    assert levelled.shape == heard.shape == (2, 800)
    gain = np.abs(levelled).max() / np.abs(heard).max()
    np.testing.assert_allclose(levelled, gain * heard, rtol=1e-5, atol=1e-9)
    assert gain < 0.5
