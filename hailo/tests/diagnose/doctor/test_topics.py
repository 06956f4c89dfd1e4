"""What the doctor says of machines that are written down."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasnet2hef.diagnose.doctor.diagnosis import INCONSISTENT, MISSING, OK, WARN, Diagnosis
from tasnet2hef.diagnose.doctor.examine import diagnose
from tasnet2hef.diagnose.doctor.facts import Environment, Facts, VendorPackage
from tests.diagnose.doctor.machines import PACKAGES, environment, facts


def _about(found: Facts, words: str) -> Diagnosis:
    told = [each for each in diagnose(found) if words in each.what]
    assert len(told) == 1, told
    return told[0]


def test_a_machine_without_anything_of_the_vendors_is_consistent() -> None:
    told = diagnose(facts(environment()))
    assert {each.status for each in told} == {OK, MISSING}
    assert all(each.advice for each in told if each.status == MISSING)


@pytest.mark.parametrize(
    ("compiler", "runtime", "status", "grade"),
    [
        ("3.33.1", "4.23.0", OK, "documented"),
        ("3.27.0", "4.17.0", OK, "recorded"),
        ("3.33.1", "4.20.0", INCONSISTENT, "recorded"),
        ("3.30.0", "4.23.0", WARN, "documented"),
        ("3.33.0", "5.2.0", INCONSISTENT, "documented"),
        ("5.2.0", "4.23.0", INCONSISTENT, "documented"),
        ("3.34.0", "4.23.0", WARN, "recorded"),
    ],
)
def test_compiler_and_runtime(compiler: str, runtime: str, status: str, grade: str) -> None:
    told = _about(facts(environment(compiler), environment(runtime=runtime, name="here")), "with HailoRT in here")
    assert (told.status, told.grade) == (status, grade)
    assert told.source
    assert runtime in told.found


def test_a_release_without_a_record_is_no_error() -> None:
    told = _about(facts(environment("9.9.0", "4.23.0")), "compiler (DFC) in")
    assert told.status == WARN
    assert "9.9.0" in told.found


def test_parts_that_do_not_start_are_inconsistent() -> None:
    broken = VendorPackage(True, "", "ImportError: libtensorflow.so")
    for found in (
        facts(environment(problem="killed by SIGILL")),
        facts(Environment("to-hailo-env", "/p", "3.10.1", PACKAGES, compiler=broken)),
        facts(Environment("to-hailo-env", "/p", "3.10.1", PACKAGES, runtime=broken)),
    ):
        told = [each for each in diagnose(found) if each.status == INCONSISTENT]
        assert len(told) == 1
        assert told[0].advice


def test_what_an_environment_lacks_is_named() -> None:
    told = _about(facts(environment(packages={**PACKAGES, "onnx": None})), "to-hailo-env")
    assert told.status == MISSING
    assert "onnx missing" in told.advice
    torchless = environment(name="to-onnx-env")
    assert "torch missing" in _about(facts(torchless), "to-onnx-env").advice


def test_versions_beside_the_compiler() -> None:
    other = {**PACKAGES, "numpy": "2.1.0", "onnxruntime": "1.18.1"}
    told = _about(
        facts(environment("3.33.0", packages=other, python_version="3.10.1")), "versions for the compiler"
    )
    assert told.status == WARN
    assert "numpy 2.1.0 (1.26.4)" in told.found
    assert "onnxruntime" not in told.found, "1.18.1 is 1.18"
    old = _about(facts(environment(python_version="3.9.2")), "versions for the compiler")
    assert "3.9.2" in old.found


def test_numpy_beside_the_runtime() -> None:
    told = _about(facts(environment(runtime="4.23.0", packages={**PACKAGES, "numpy": "2.1.0"})), ", numpy")
    assert (told.status, told.grade) == (WARN, "documented")


def test_the_driver() -> None:
    same = facts(environment(runtime="4.23.0"), driver="4.23.0", device_files=("/dev/hailo0",))
    assert _about(same, "driver").status == OK
    other = facts(environment(runtime="4.23.0"), driver="4.20.0", device_files=("/dev/hailo0",))
    assert (_about(other, "driver").status, _about(other, "driver").grade) == (WARN, "inferred")
    assert "modprobe" in _about(facts(environment(), driver_installed="4.23.0"), "driver").advice


def test_the_device() -> None:
    answers = environment(runtime="4.23.0", devices=("0000:01:00.0",))
    assert _about(facts(answers, device_files=("/dev/hailo0",)), "device").status == OK
    silent = environment(runtime="4.23.0", device_problem="HailoRTException: OUT_OF_PHYSICAL_DEVICES")
    told = _about(facts(silent, device_files=("/dev/hailo0",)), "device")
    assert told.status == WARN
    assert "OUT_OF_PHYSICAL_DEVICES" in told.found
    assert _about(facts(silent), "device").status == MISSING


def test_the_command_line() -> None:
    found = facts(environment(runtime="4.23.0"), command_line="/usr/bin/hailortcli", command_line_version="4.20.0")
    assert _about(found, "hailortcli").status == OK
    assert "4.20.0 (hailortcli)" in _about(found, "HailoRT versions").found
    silent = facts(environment(), command_line="/usr/bin/hailortcli")
    assert _about(silent, "hailortcli").status == WARN


def test_a_small_machine_is_warned_of() -> None:
    small = facts(environment(), memory_bytes=4_000_000_000, free_disk_bytes=1_000_000_000, processor="aarch64")
    for what in ("memory", "disk", "processor"):
        assert _about(small, what).status == WARN


TEXTS = st.text(max_size=12) | st.sampled_from(["3.33.0", "4.23.0", "5.2.0", "3.33", "", "None", "4"])


@given(compiler=TEXTS, runtime=TEXTS, numpy=TEXTS, python=TEXTS, driver=TEXTS)
def test_no_version_text_confuses_it(compiler: str, runtime: str, numpy: str, python: str, driver: str) -> None:
    found = environment(compiler, runtime, packages={**PACKAGES, "numpy": numpy}, python_version=python)
    told = diagnose(facts(found, driver=driver, command_line="x", command_line_version=driver))
    assert {each.status for each in told} <= {OK, WARN, MISSING, INCONSISTENT}
    for each in told:
        assert each.found
        assert each.status != INCONSISTENT or (each.advice and each.source), each
