from __future__ import annotations

import os
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from tasnet2hef.base.errors import DeviceError
from tasnet2hef.runtime.backends.hailort.backend import HailoRtBackend
from tasnet2hef.runtime.backends.hailort.explain import device_error, device_files, explained
from tasnet2hef.runtime.backends.hailort.sidecar import write_sidecar
from tasnet2hef.target.failures.tables import runtime_signatures
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.quantize.small_net import save_net
from tests.runtime.hailort.conftest import forget
from tests.runtime.hailort.hefs import save_hef

NO_DEVICE = "libhailort failed with error: 74 (HAILO_OUT_OF_PHYSICAL_DEVICES)"


@pytest.fixture
def hef(tmp_path):
    model = save_net(tmp_path / "net.onnx")
    hef = save_hef(model)
    write_sidecar(hef, OpenedGraph.read(model))
    return hef


@pytest.mark.parametrize(
    ("call", "kind", "words", "signature", "fix"),
    [
        ("VDevice", "HailoRTException", NO_DEVICE, "no-device", "hailortcli scan"),
        ("VDevice", "HailoRTException", "error: 73 (HAILO_DEVICE_IN_USE)", "device-busy", "fuser"),
        ("VDevice", "HailoRTException", "/dev/hailo0: Permission denied", "no-permission", "udev rule"),
        ("VDevice", "HailoRTException", "(HAILO_INVALID_DRIVER_VERSION)", "driver-version", "hailo_pci/version"),
        ("VDevice", "HailoRTException", "(HAILO_UNSUPPORTED_FW_VERSION)", "firmware-version", "reboot"),
        ("HEF", "HailoRTException", 92, "hef-version", "3.33 with 4.23"),
        ("wait", "HailoRTTimeout", "", "timed-out", "fw-control identify"),
        ("wait_for_async_ready", "HailoRTTimeout", "", "timed-out", "fw-control identify"),
        ("run_async", "HailoRTStreamAborted", "", "stream-aborted", "dmesg"),
        ("configure", "HailoRTException", "(HAILO_NOT_IMPLEMENTED)", "not-implemented", "4.18 or later"),
        ("configure", "HailoRTException", "status 99", "", "not a known failure"),
    ],
)
def test_each_failure_is_one_line_with_its_fix(hef, runtime, call, kind, words, signature, fix):
    vendor = runtime(fail={call: [kind, words]})
    with pytest.raises(DeviceError) as refusal, HailoRtBackend(hef) as backend:
        backend.run(_window(backend.contract))
    at_work = call in ("wait", "wait_for_async_ready", "run_async")
    assert (refusal.value.signature, refusal.value.exit_code) == (signature, 1 if at_work else 2)
    assert fix in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert vendor.VDevice.open_devices == 0


def _window(hef):
    return np.zeros((hef.rows, hef.spec.stride), np.float32)


def test_a_program_for_another_chip(hef, runtime):
    runtime(architecture="HAILO8L")
    with pytest.raises(
        DeviceError, match=r"HailoRTHEFNotCompatibleWithDevice.*compile again with the device's own"
    ):
        HailoRtBackend(hef)


def test_streams_before_4_18_fail_as_they_should(hef, runtime):
    runtime("4.17.0", fail={"infer": ["HailoRTTimeout", ""]})
    with pytest.raises(DeviceError) as refusal, HailoRtBackend(hef) as backend:
        backend.run(_window(backend.contract))
    assert refusal.value.signature == "timed-out"


@pytest.mark.skipif(find_spec("hailo_platform") is not None, reason="HailoRT is installed here")
def test_no_runtime(hef):
    forget()
    with pytest.raises(DeviceError, match=r"No module named 'hailo_platform'.*--backend onnxruntime") as refusal:
        HailoRtBackend(hef)
    assert refusal.value.signature == "no-runtime"


def test_a_runtime_that_does_not_load(hef, runtime, monkeypatch):
    runtime()
    forget()
    monkeypatch.setenv("STAND_IN_HAILORT_IMPORT", "numpy.core.multiarray failed to import")
    with pytest.raises(DeviceError, match=r"pip install 'numpy<2'"):
        HailoRtBackend(hef)


@pytest.mark.parametrize(
    ("numpy", "version", "is_refused"),
    [
        ("2.4.6", "4.23.0", True),
        ("2.0.0", "5.1.0", True),
        ("2.4.6", "5.1.1", False),
        ("2.4.6", "5.2.0", False),
        ("1.26.4", "4.18.0", False),
    ],
)
def test_numpy_2_under_a_binding_for_numpy_1(hef, runtime, monkeypatch, numpy, version, is_refused):
    runtime(version)
    monkeypatch.setattr("tasnet2hef.runtime.backends.hailort.device.numpy_version", lambda: numpy)
    if not is_refused:
        HailoRtBackend(hef).close()
        return
    with pytest.raises(DeviceError, match=r"size of every buffer as 0 .*pip install 'numpy<2'") as refusal:
        HailoRtBackend(hef)
    assert refusal.value.signature == "numpy-too-new"


def test_a_bare_number_gets_its_name(hef, runtime):
    runtime(fail={"HEF": ["HailoRTStatusException", "36"]})
    with pytest.raises(DeviceError, match=r"HailoRTStatusException: 36 \(HAILO_DRIVER_OPERATION_FAILED\)"):
        HailoRtBackend(hef)


def test_the_runtimes_own_lines_go_to_its_log(hef, runtime, capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runtime(fail={"VDevice": ["HailoRTException", 74]})
    forget()  # the product's own import
    with pytest.raises(DeviceError) as refusal:
        HailoRtBackend(hef)
    log = tmp_path / "cache" / "tasnet2hef" / "hailort.log"
    assert str(refusal.value).endswith(f"HailoRT's own log: {log}")
    assert "CHECK_SUCCESS failed" in log.read_text()
    assert capfd.readouterr().err == ""
    assert not (tmp_path / "hailort.log").exists()


def test_the_users_own_settings_of_the_log_count(hef, runtime, monkeypatch):
    monkeypatch.setenv("HAILORT_LOGGER_PATH", "NONE")
    monkeypatch.setenv("HAILORT_CONSOLE_LOGGER_LEVEL", "debug")
    runtime(fail={"VDevice": ["HailoRTException", 74]})
    with pytest.raises(DeviceError, match=r"end that program$"):
        HailoRtBackend(hef)
    assert os.environ["HAILORT_CONSOLE_LOGGER_LEVEL"] == "debug"


def test_our_own_mistakes_keep_their_traceback():
    with pytest.raises(ZeroDivisionError), explained("here"):
        _ = 1 / 0


@pytest.mark.parametrize("signature", runtime_signatures(), ids=lambda each: each.id)
def test_signatures_are_whole(signature):
    assert signature.basis.grade in ("recorded", "documented", "inferred")
    assert signature.basis.source
    assert signature.remedy
    assert not signature.rule
    for pattern in signature.patterns:
        re.compile(pattern)


def test_each_signature_is_known_by_a_text_of_its_own():
    texts = {
        "no-runtime": "No module named 'hailo_platform'",
        "numpy-too-new": "A module that was compiled using NumPy 1.x cannot be run in NumPy 2.1.0",
        "hef-other-hardware": "HAILO_HEF_NOT_COMPATIBLE_WITH_DEVICE",
        "device-busy": "Device or resource busy",
        "no-device": "there are not enough free devices. requested: 1, found: 0",
        "no-permission": "Failed to open device file /dev/hailo0 with error 13",
        "driver-version": "Driver version mismatch, status HAILO_INVALID_DRIVER_VERSION",
        "firmware-version": "HAILO_INVALID_FIRMWARE",
        "hef-version": "HAILO_INVALID_HEF",
        "timed-out": "HAILO_TIMEOUT",
        "stream-aborted": "HAILO_STREAM_ABORTED_BY_USER",
        "not-implemented": "HAILO_NOT_IMPLEMENTED",
        "binding-version": "_pyhailort version (4.23.0) does not match pyhailort version (4.22.0)",
        "contiguous-memory": "libhailort failed with error: 71 (HAILO_OUT_OF_HOST_CMA_MEMORY)",
        "driver-call": "libhailort failed with error: 36 (HAILO_DRIVER_OPERATION_FAILED)",
        "driver-interface": "libhailort failed with error: 86 (HAILO_DRIVER_INVALID_IOCTL)",
        "firmware-silent": "libhailort failed with error: 87 (HAILO_DRIVER_TIMEOUT)",
        "hef-not-there": "libhailort failed with error: 13 (HAILO_OPEN_FILE_FAILURE)",
        "invalid-operation": "HailoRTInvalidOperationException: Invalid operation. See hailort.log for more",
        "not-supported": "libhailort failed with error: 79 (HAILO_NOT_SUPPORTED)",
        "wheel-of-other-python": "No module named 'hailo_platform.pyhailort._pyhailort'",
        "desc-page-size": "max_desc_page_size given 65536 is bigger than hw max desc page size 4096",
        "driver-missing": "libhailort failed with error: 64 (HAILO_PCIE_DRIVER_NOT_INSTALLED)",
        "input-size": "Memory size of vstream a/in1 does not match the frame count! (Expected 12, got 48)",
        "library-version": "libhailort.so.4.21.0: cannot open shared object file: No such file or directory",
        "not-activated": "Trying to write to vstream a/in1 before its network group is activated",
        "service": "Failed to create VDevice: HAILO_INVALID_SERVICE_VERSION(78)",
    }
    assert sorted(texts) == [each.id for each in runtime_signatures()]
    for name, text in texts.items():
        assert device_error(OSError(text), "here").signature == name


REAL: Final = [
    ("VDevice", "HailoRTException", 74, "no-device"),
    ("VDevice", "HailoRTException", 86, "driver-interface"),
    ("VDevice", "HailoRTException", 76, "driver-version"),
    ("VDevice", "HailoRTException", 16, "firmware-version"),
    ("VDevice", "HailoRTException", 87, "firmware-silent"),
    ("VDevice", "HailoRTException", 64, "driver-missing"),
    ("VDevice", "HailoRTException", 79, "not-supported"),
    ("VDevice", "HailoRTInvalidOperationException", "", "invalid-operation"),
    ("HEF", "HailoRTException", 91, "hef-version"),
    ("HEF", "HailoRTException", 92, "hef-version"),
    ("HEF", "HailoRTException", 14, "hef-not-there"),
    ("HEF", "HailoRTException", 13, "hef-not-there"),
    ("HEF", "HailoRTInvalidHEFException", "", "hef-version"),
    ("configure", "HailoRTHEFNotCompatibleWithDevice", "", "hef-other-hardware"),
]


@pytest.mark.parametrize("version", ["4.18.0", "4.20.0", "4.23.0", "5.2.0"])
@pytest.mark.parametrize(("call", "kind", "words", "signature"), REAL)
def test_the_real_librarys_words_are_known(hef, runtime, version, call, kind, words, signature):
    """As Python saw them of libhailort 4.23.0: bare classes and numbers, no path, no cause."""
    runtime(version, fail={call: [kind, words]})
    with pytest.raises(DeviceError) as refusal:
        HailoRtBackend(hef)
    assert refusal.value.signature == signature


@pytest.mark.parametrize(
    ("version", "kind"),
    [("4.19.0", "HailoRTPCIeDriverException"), ("4.23.0", "HailoRTDriverOperationFailedException")],
)
@pytest.mark.parametrize(
    ("file", "may_open", "signature"),
    [
        ("hailo0", True, "driver-call"),
        ("hailo0", False, "no-permission"),
        ("h1x-0", False, "no-permission"),
        (None, False, "driver-call"),
    ],
)
def test_a_failed_call_of_the_driver_is_a_lack_of_permission_where_that_is_so(
    hef, runtime, monkeypatch, tmp_path, version, kind, file, may_open, signature
):
    (tmp_path / "dev").mkdir()
    if file is not None:
        (tmp_path / "dev" / file).touch()
    module = "tasnet2hef.runtime.backends.hailort.explain"
    monkeypatch.setattr(f"{module}.DEVICE_FOLDER", tmp_path / "dev")
    runtime(version, fail={"VDevice": [kind, ""]})
    monkeypatch.setattr(f"{module}.os.access", lambda path, mode: may_open or "dev" not in str(path))
    with pytest.raises(DeviceError, match="ioctl") as refusal:
        HailoRtBackend(hef)
    assert refusal.value.signature == signature


def test_device_files(tmp_path: Path) -> None:
    for name in ("hailo0", "h1x-0", "hailort_uds", "tty0"):
        (tmp_path / name).touch()
    assert device_files(tmp_path) == (str(tmp_path / "h1x-0"), str(tmp_path / "hailo0"))
