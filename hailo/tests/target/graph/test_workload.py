from __future__ import annotations

import pytest

from tasnet2hef.target.graph.workload import Workload, workload

FRAMES = (-1, 1, 1999, 512)


@pytest.mark.parametrize(
    ("type_", "params", "inputs", "output", "expected"),
    [
        ("conv", {"kernel_shape": (1, 16, 1, 512), "groups": 1}, [], FRAMES, (8704, 17399296.0, 32751616.0)),
        ("dw", {"kernel_shape": (1, 3, 512, 1), "groups": 1}, [], FRAMES, (2048, 4093952.0, 6140928.0)),
        (
            "deconv",
            {"kernel_shape": (1, 16, 1024, 2), "groups": 2},
            [],
            (-1, 1, 15992, 2),
            (16386, 262044912.0, 524025856.0),
        ),
        ("normalization", {}, [], FRAMES, (0, 1023488.0, 2046976.0)),
        ("ew_sub", {}, [], FRAMES, (0, 511744.0, 1023488.0)),
        ("reduce_mean", {}, [(-1, 1, 1, 512)], (-1, 1, 1, 1), (0, 256.5, 513.0)),
        ("reduce_max", {}, [FRAMES], FRAMES, (0, 0.0, 0.0)),
    ],
)
def test_counts_of_the_recorded_parse(type_, params, inputs, output, expected) -> None:
    assert workload(type_, params, inputs, output) == Workload(*expected)
