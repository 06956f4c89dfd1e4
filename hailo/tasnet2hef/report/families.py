"""Which colour a layer type has in the picture of the net, and what that group of types is called."""

from __future__ import annotations

from typing import Final

NAMES: Final = {
    "conv": "convolution",
    "dw": "depthwise convolution",
    "join": "elementwise, of two maps",
    "norm": "mean, pooling and norm",
    "active": "activation",
    "shape": "change of shape",
    "end": "input, output, constant",
    "unsupported": "no layer for it",
}
_TYPES: Final = {
    "conv": ("conv", "deconv", "fc", "matmul"),
    "dw": ("dw",),
    "join": ("ew_add", "ew_sub", "ew_mult", "ew_div", "ew_max", "ew_min", "feature_multiplier"),
    "norm": ("reduce_mean", "reduce_sum", "reduce_l2", "avgpool", "maxpool", "normalization", "batch_norm"),
    "active": ("activation", "softmax", "layer_normalization"),
    "end": ("input_layer", "output_layer", "const_input"),
    "unsupported": ("unsupported",),
}


def family_of(layer_type: str) -> str:
    """Return a layer type's group; types that only move values are ``shape``.

    >>> family_of("ew_add"), family_of("resize")
    ('join', 'shape')
    """
    return next((family for family, types in _TYPES.items() if layer_type in types), "shape")
