from __future__ import annotations

import pytest

from tasnet2hef.target.graph.layout import elements, hn_shape, letter_size, with_sizes


@pytest.mark.parametrize(
    ("shape", "layout", "expected"),
    [
        ((1, 512, 1, 1999), "NCHW", (-1, 1, 1999, 512)),
        ((1, 512, 1999, 1), "NCHW", (-1, 1999, 1, 512)),
        ((1, 512, 1999), "NCW", (-1, 1, 1999, 512)),
        ((2, 7), "NC", (-1, 1, 1, 7)),
        ((1, 2, 512, 1, 1999), "NSCHW", (-1, 2, 1, 1999, 512)),
    ],
)
def test_nhwc_shapes(shape: tuple[int, ...], layout: str, expected: tuple[int, ...]) -> None:
    assert hn_shape(shape, layout) == expected


def test_sizes_by_letter() -> None:
    shape = (-1, 3, 5, 7)
    assert [letter_size(shape, letter) for letter in "NHWC"] == [1, 3, 5, 7]
    assert with_sizes(shape, C=9, H=2) == (-1, 2, 5, 9)
    assert elements(shape) == 105
