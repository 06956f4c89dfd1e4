"""TasNetSpec: what it accepts, what it refuses and how it says so."""

from __future__ import annotations

import pytest

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.spec import TasNetSpec


def test_the_default_net_is_the_papers() -> None:
    spec = TasNetSpec(n_src=2)
    assert spec.receptive_field_frames == 1531  # Luo and Mesgarani 2019, Table II: 1.53 s at 8 kHz
    assert len(spec.dilations) == 24
    assert spec.phases == 2


def test_options_are_read_as_asteroid_reads_them() -> None:
    spec = TasNetSpec.from_options(
        {"n_src": 3, "kernel_size": 20, "skip_chan": None, "norm_type": "ChanLN", "n_filters": 64}
    )
    assert (spec.stride, spec.skip_chan, spec.norm_type, spec.out_chan) == (10, 0, "cLN", 64)


def test_a_spec_survives_json() -> None:
    spec = TasNetSpec(n_src=2, causal=True, norm_type="cLN", conv_kernel_size=4)
    assert TasNetSpec(**spec.as_dict()) == spec


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "n_src: missing"),
        ({"n_src": 0}, "n_src: found 0"),
        ({"n_src": 6}, "n_src: found 6, expected 1 to 5"),
        ({"n_src": True}, "n_src: found True"),
        ({"n_src": 2, "n_filters": "512"}, "n_filters: found '512'"),
        ({"n_src": 2, "stride": 17}, "stride: found 17, expected at most the kernel of 16"),
        ({"n_src": 2, "out_chan": 100}, "out_chan: found 100, expected 512"),
        ({"n_src": 2, "conv_kernel_size": 4}, "conv_kernel_size: found 4, expected an odd number"),
        ({"n_src": 2, "conv_kernel_size": 1, "causal": True}, "conv_kernel_size: found 1 in a causal net"),
        ({"n_src": 2, "norm_type": "LN"}, "norm_type: found 'LN', expected one of gLN"),
        ({"n_src": 2, "mask_act": "selu"}, "mask_act: found 'selu'"),
        ({"n_src": 2, "encoder_activation": "softmax"}, "encoder_activation: softmax"),
        ({"n_src": 2, "causal": 1}, "causal: found 1, expected true or false"),
        ({"n_src": 2, "n_blocks": 17}, "n_blocks: found 17"),
        ({"n_src": 2, "layers": 3}, "unknown option 'layers'"),
        ({"n_src": 2, "n_filters": None}, "n_filters: found None"),
    ],
)
def test_what_is_wrong_is_named_with_what_was_found(options: dict[str, object], words: str) -> None:
    with pytest.raises(OptionError) as caught:
        TasNetSpec.from_options(options)
    assert words in str(caught.value)
