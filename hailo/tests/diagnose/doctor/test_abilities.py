"""What a machine can do, in one sentence, and the one next step."""

from __future__ import annotations

import pytest

from tasnet2hef.diagnose.doctor.abilities import abilities_of
from tasnet2hef.diagnose.doctor.doctor import diagnose
from tasnet2hef.diagnose.doctor.facts import Facts
from tests.diagnose.doctor.machines import PACKAGES, environment, facts

TORCH = environment(name="to-onnx-env", packages={**PACKAGES, "torch": "2.13.0"})
CONVERT = "tasnet2hef convert MODEL.pth --calib-audio RECORDINGS/ -o build/"
DEVICE = environment(runtime="4.23.0", name="here", devices=("0000:01:00.0",))
WITH_DRIVER = {"driver": "4.23.0", "driver_module": "hailo_pci", "device_files": ("/dev/hailo0",)}


@pytest.mark.parametrize(
    ("machine", "sentence", "next_step"),
    [
        (
            facts(environment(packages={})),
            "this machine can do nothing yet; it can't convert (no PyTorch), compile (no compiler that works) or "
            "run on a device (no HailoRT with a device that works)",
            "make onnx-env",
        ),
        (
            facts(TORCH),
            "this machine can convert, simulate and separate on the processor; it can't compile (no compiler "
            "that works) or run on a device (no HailoRT with a device that works)",
            CONVERT,
        ),
        (
            facts(TORCH, environment("3.33.1")),
            "this machine can convert, simulate, separate on the processor and compile for hailo8 and hailo8l; "
            "it can't run on a device (no HailoRT with a device that works)",
            CONVERT,
        ),
        (
            facts(DEVICE, **WITH_DRIVER),
            "this machine can simulate, separate on the processor and run on the device 0000:01:00.0; it can't "
            "convert (no PyTorch) or compile (no compiler that works)",
            "tasnet2hef selftest my_model.hef",
        ),
    ],
)
def test_a_machine_in_a_sentence(machine: Facts, sentence: str, next_step: str) -> None:
    found = abilities_of(machine, diagnose(machine))
    assert (found.sentence, found.next_step) == (sentence, next_step)


def test_what_does_not_work_is_no_ability() -> None:
    other_driver = facts(TORCH, DEVICE, **{**WITH_DRIVER, "driver": "4.20.0"})
    assert not abilities_of(other_driver, diagnose(other_driver)).runs_on
    no_avx = facts(environment("3.33.1"), processor_flags=frozenset())
    found = abilities_of(no_avx, diagnose(no_avx))
    assert ("processor" in [each.what for each in diagnose(no_avx) if each.status == "error"]) == (
        not found.compiles_for
    )
