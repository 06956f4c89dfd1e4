"""What the doctor diagnoses on made-up machines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasnet2hef.base.outcome import ERROR, MISSING, OK, WARNING
from tasnet2hef.diagnose.doctor.diagnosis import Diagnosis
from tasnet2hef.diagnose.doctor.doctor import diagnose
from tasnet2hef.diagnose.doctor.facts import Environment, Facts, VendorPackage
from tests.diagnose.doctor.machines import PACKAGES, environment, facts


def _about(machine: Facts, words: str) -> Diagnosis:
    diagnoses = [each for each in diagnose(machine) if words in each.what]
    assert len(diagnoses) == 1, diagnoses
    return diagnoses[0]


def test_a_machine_without_anything_of_the_vendors_is_consistent() -> None:
    diagnoses = diagnose(facts(environment()))
    assert {each.status for each in diagnoses} == {OK, MISSING}
    assert all(each.advice for each in diagnoses if each.status == MISSING)


@pytest.mark.parametrize(
    ("compiler", "runtime", "status", "grade"),
    [
        ("3.33.1", "4.23.0", OK, "documented"),
        ("3.27.0", "4.17.0", OK, "recorded"),
        ("3.33.1", "4.20.0", ERROR, "recorded"),
        ("3.30.0", "4.23.0", WARNING, "documented"),
        ("3.33.0", "5.2.0", ERROR, "documented"),
        ("5.2.0", "4.23.0", ERROR, "documented"),
        ("3.34.0", "4.24.0", OK, "recorded"),
        ("3.34.0", "4.23.0", ERROR, "recorded"),
        ("5.4.0", "5.4.0", OK, "recorded"),
    ],
)
def test_compiler_and_runtime(compiler: str, runtime: str, status: str, grade: str) -> None:
    diagnosis = _about(
        facts(environment(compiler), environment(runtime=runtime, name="here")), "with HailoRT in here"
    )
    assert (diagnosis.status, diagnosis.grade) == (status, grade)
    assert diagnosis.source
    assert runtime in diagnosis.found


def test_a_release_without_a_record_is_no_error() -> None:
    diagnosis = _about(facts(environment("9.9.0", "4.23.0")), "compiler (DFC) in")
    assert diagnosis.status == WARNING
    assert "9.9.0" in diagnosis.found


def test_parts_that_do_not_start_are_errors() -> None:
    broken = VendorPackage(True, "", "ImportError: libtensorflow.so")
    for machine in (
        facts(environment(problem="killed by SIGILL")),
        facts(Environment("to-hailo-env", "/p", "3.10.1", PACKAGES, dfc=broken)),
        facts(Environment("to-hailo-env", "/p", "3.10.1", PACKAGES, hailort=broken)),
    ):
        errors = [each for each in diagnose(machine) if each.status == ERROR]
        assert len(errors) == 1
        assert errors[0].advice


def test_packages_that_an_environment_lacks_are_named() -> None:
    diagnosis = _about(facts(environment(packages={**PACKAGES, "onnx": None})), "to-hailo-env")
    assert diagnosis.status == MISSING
    assert "onnx missing" in diagnosis.advice
    torchless = environment(name="to-onnx-env")
    assert "torch missing" in _about(facts(torchless), "to-onnx-env").advice


def test_versions_beside_the_compiler() -> None:
    other = {**PACKAGES, "numpy": "2.1.0", "onnxruntime": "1.18.1"}
    diagnosis = _about(
        facts(environment("3.33.0", packages=other, python_version="3.10.1")), "versions for the compiler"
    )
    assert diagnosis.status == WARNING
    assert "numpy 2.1.0 (1.26.4)" in diagnosis.found
    assert "onnxruntime" not in diagnosis.found, "1.18.1 is 1.18"
    old = _about(facts(environment(python_version="3.9.2")), "versions for the compiler")
    assert "3.9.2" in old.found


def test_numpy_beside_the_runtime() -> None:
    diagnosis = _about(facts(environment(runtime="4.23.0", packages={**PACKAGES, "numpy": "2.1.0"})), ", numpy")
    assert (diagnosis.status, diagnosis.grade) == (WARNING, "documented")


def test_the_driver() -> None:
    same = facts(environment(runtime="4.23.0"), driver="4.23.0", device_files=("/dev/hailo0",))
    assert _about(same, "driver").status == OK
    other = facts(environment(runtime="4.23.0"), driver="4.20.0", device_files=("/dev/hailo0",))
    assert (_about(other, "driver").status, _about(other, "driver").grade) == (ERROR, "recorded")
    assert "modprobe" in _about(facts(environment(), driver_installed="4.23.0"), "driver").advice


def test_the_driver_is_of_exactly_the_librarys_version() -> None:
    """t_driver_mismatch: module 4.23.0, library 4.22.0; and what must not count: a package's own revision."""
    machine = facts(
        environment(runtime="4.22.0", device_problem="error: 76 (HAILO_INVALID_DRIVER_VERSION)"),
        driver="4.23.0",
        driver_module="hailo_pci",
        device_files=("/dev/hailo0",),
        command_line="/usr/bin/hailortcli",
        command_line_version="4.22.0",
    )
    assert _about(machine, "driver").status == ERROR
    assert "hailo_pci 4.23.0, beside HailoRT 4.22.0" in _about(machine, "driver").found
    device = _about(machine, "device")
    assert "another program" not in device.advice
    assert "version" in device.advice
    packaged = facts(environment(runtime="4.23.0"), driver="4.23.0-1", device_files=("/dev/hailo0",))
    assert _about(packaged, "driver").status == OK


def test_a_healthy_hailo10h_of_5_3() -> None:
    machine = facts(
        environment(runtime="5.3.0", devices=("0001:01:00.0",)),
        driver="5.3.0",
        driver_module="hailo1x_pci",
        device_files=("/dev/h1x-0",),
        command_line="/usr/bin/hailortcli",
        command_line_version="5.3.0",
    )
    about = {each.what: each.status for each in diagnose(machine)}
    assert {about["driver"], about["device"], about["hailortcli"], about["runtime (HailoRT) in to-hailo-env"]} == {
        OK
    }


@pytest.mark.parametrize(
    ("problem", "library", "words"),
    [
        ("ImportError: libhailort.so.4.20.0: cannot open shared object file", "5.1.1", "two families"),
        (
            "libhailort version (5.2.0) does not match pyhailort version (4.23.0)",
            "5.2.0",
            "two families",
        ),
        (
            "ImportError: libhailort.so.4.22.0: cannot open shared object file",
            "4.23.0",
            "of HailoRT 4.22.0",
        ),
    ],
)
def test_a_package_of_another_library(problem: str, library: str, words: str) -> None:
    broken = environment(hailort=VendorPackage(True, "", problem))
    machine = facts(broken, driver=library, command_line="x", command_line_version=library)
    diagnosis = _about(machine, "runtime (HailoRT)")
    assert diagnosis.status == ERROR
    assert words in diagnosis.found
    assert f"wheel of HailoRT {library}" in diagnosis.advice
    assert _about(machine, "driver").status == OK


def test_families_do_not_mix() -> None:
    machine = facts(environment(runtime="4.23.0"), command_line="x", command_line_version="5.2.0")
    assert _about(machine, "HailoRT versions").status == ERROR


@pytest.mark.parametrize(
    ("compiler", "numpy", "tensorflow", "status"),
    [
        ("3.30.0", "2.1.3", None, ERROR),
        ("3.30.0", "1.26.4", None, WARNING),
        ("3.30.0", "1.23.5", None, WARNING),
        ("3.30.0", "1.23.3", "2.12.0", None),
        ("3.31.0", "2.0.1", "2.12.0", ERROR),
        ("3.31.0", "2.0.1", None, None),
        ("5.3.0", "2.1.3", "2.19.1", None),
    ],
)
def test_numpy_beside_the_compiler(compiler: str, numpy: str, tensorflow: str | None, status: str | None) -> None:
    packages = {**PACKAGES, "numpy": numpy, "tensorflow": tensorflow}
    found = [
        each.status
        for each in diagnose(facts(environment(compiler, packages=packages)))
        if "for the compiler" in each.what
    ]
    assert found == ([] if status is None else [status])


def test_the_device() -> None:
    answers = environment(runtime="4.23.0", devices=("0000:01:00.0",))
    assert _about(facts(answers, device_files=("/dev/hailo0",)), "device").status == OK
    silent = environment(runtime="4.23.0", device_problem="HailoRTException: OUT_OF_PHYSICAL_DEVICES")
    diagnosis = _about(facts(silent, device_files=("/dev/hailo0",)), "device")
    assert diagnosis.status == WARNING
    assert "OUT_OF_PHYSICAL_DEVICES" in diagnosis.found
    assert _about(facts(silent), "device").status == MISSING


def test_the_command_line() -> None:
    machine = facts(
        environment(runtime="4.23.0"), command_line="/usr/bin/hailortcli", command_line_version="4.20.0"
    )
    assert _about(machine, "hailortcli").status == OK
    assert "4.20.0 (hailortcli)" in _about(machine, "HailoRT versions").found
    silent = facts(environment(), command_line="/usr/bin/hailortcli")
    assert _about(silent, "hailortcli").status == WARNING


def test_a_small_machine_is_a_warning() -> None:
    small = facts(environment(), memory_bytes=4_000_000_000, free_disk_bytes=1_000_000_000, processor="aarch64")
    for what in ("memory", "disk", "processor"):
        assert _about(small, what).status == WARNING


TEXTS = st.text(max_size=12) | st.sampled_from(["3.33.0", "4.23.0", "5.2.0", "3.33", "", "None", "4"])


@pytest.mark.slow
@given(compiler=TEXTS, runtime=TEXTS, numpy=TEXTS, python=TEXTS, driver=TEXTS)
def test_no_version_text_confuses_it(compiler: str, runtime: str, numpy: str, python: str, driver: str) -> None:
    parts = environment(compiler, runtime, packages={**PACKAGES, "numpy": numpy}, python_version=python)
    diagnoses = diagnose(facts(parts, driver=driver, command_line="x", command_line_version=driver))
    assert {each.status for each in diagnoses} <= {OK, WARNING, MISSING, ERROR}
    for each in diagnoses:
        assert each.found
        assert each.status != ERROR or (each.advice and each.source), each
