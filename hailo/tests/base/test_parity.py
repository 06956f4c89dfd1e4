"""The measure of equality, and its refusals."""

from __future__ import annotations

import numpy as np
import pytest

from tasnet2hef.base.errors import ParityError
from tasnet2hef.base.parity import ParityRow, compare_sources, require_parity, signal_to_error_db


def test_a_tenth_of_the_amplitude_is_twenty_db() -> None:
    signal = np.sin(np.arange(100.0))
    assert signal_to_error_db(signal, signal * 1.1) == pytest.approx(20.0)


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_a_value_that_is_no_number_is_the_worst(broken: float) -> None:
    signal = np.ones(4)
    assert signal_to_error_db(signal, np.array([1.0, 1.0, 1.0, broken])) == -200.0


def test_silence_equals_silence_alone() -> None:
    assert signal_to_error_db(np.zeros(4), np.zeros(4)) == 200.0
    assert signal_to_error_db(np.zeros(4), np.ones(4)) == -200.0


def test_the_worst_source_counts() -> None:
    expected = np.ones((2, 8))
    actual = np.stack([np.ones(8), np.full(8, 1.1)])
    assert compare_sources("pair", expected, actual).db == pytest.approx(20.0)


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match="shapes differ"):
        signal_to_error_db(np.ones((1, 4)), np.ones(4))


def test_a_disparity_names_both_numbers() -> None:
    require_parity([ParityRow("a / b", 80.0)], "net.onnx")
    with pytest.raises(ParityError, match=r"net.onnx: a / b: found 79.9 dB .* at least 80 dB"):
        require_parity([ParityRow("a / b", 79.94), ParityRow("a / c", 100.0)], "net.onnx")
