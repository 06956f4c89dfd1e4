"""ESPnet's convolutional encoder and TCN separator: kaituoxu's blocks under other names, with another epsilon.

Source: ``espnet2/enh/encoder/conv_encoder.py``, ``espnet2/enh/separator/tcn_separator.py`` and
``espnet2/enh/layers/tcn.py`` of ESPnet 202511. Options: the ``config.yaml`` beside the weights.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.model.checkpoint.layouts.kaituoxu import is_causal, names_of_blocks
from tasnet2hef.model.checkpoint.letters import (
    assumed_norm,
    in_lower_case,
    merged,
    recorded_options,
)
from tasnet2hef.model.checkpoint.renaming import MASK, MASK_SLOPE, NORM_1, Names, rename
from tasnet2hef.model.checkpoint.shapes import has_axes
from tasnet2hef.model.checkpoint.stored import Choice, FoundWeights, Metadata, NamedWeights, Recorded

NAME = "ESPnet"
ANCHOR = r"separator\.tcn\.network\.2\.0\.0\.net\.0\.weight"

_NETWORK = "separator.tcn.network"
_ENCODER = "encoder.conv1d.weight"
_SECTIONS = ("encoder_conf", "separator_conf", "decoder_conf", "model_conf")
_SIZES = {
    "channel": "n_filters",
    "kernel_size": "kernel_size",
    "stride": "stride",
    "bottleneck_dim": "bn_chan",
    "hidden_dim": "hid_chan",
    "kernel": "conv_kernel_size",
}
_EPS = 1.1920928955078125e-07  # torch.finfo(torch.float32).eps
_GROUP_NORM_EPS = 1e-8
_MASK_QUESTION = (Choice("relu", "the default"), Choice("sigmoid", ""), Choice("tanh", ""), Choice("linear", ""))
_BEFORE_MASK = (Choice("relu", ""), Choice("tanh", ""), Choice("sigmoid", ""))


def claims(found: FoundWeights) -> bool:
    """Return whether the encoder is a convolution."""
    return _ENCODER in found.weights


def find(found: FoundWeights) -> NamedWeights:
    """Rename to Asteroid's names and add what the classes fix."""
    conf = _conf(found)
    if conf.get("masking") is False:
        raise CheckpointError(
            f"{found.where}: masking: found false in its configuration: the separator's output is used in place "
            "of a masked representation, expected masks; train with masking"
        )
    causal = is_causal(found, _NETWORK)
    renamed = rename(found.weights, _names(found, causal=causal), causal=causal)
    recorded = _recorded(found.metadata)
    weights, notes = renamed.weights, [*found.notes]
    if conf.get("predict_noise") and has_axes(weights, f"{MASK}.weight"):
        for name in (f"{MASK}.weight", f"{MASK}.bias"):
            weights[name] = weights[name][: -renamed.features]
        notes.append("predict_noise: the mask of the noise is left out, the sources are kept")
    if conf.get("normalize_variance"):
        notes.append(
            "normalize_variance: ESPnet divides a clip by its deviation and multiplies behind; the host must"
        )
    has_gain = f"masker.TCN.0.{NORM_1}.gamma" in weights
    is_group_norm = has_gain and f"{_NETWORK}.2.0.0.net.2.weight" in found.weights
    fixed: dict[str, object] = {
        **renamed.stack,
        "causal": causal,
        "encoder_activation": "relu",
        "bottleneck_norm": "cLN",
        "norm_eps": _GROUP_NORM_EPS if is_group_norm else _EPS,
        "bottleneck_norm_eps": _EPS,
        **({"norm_type": "gLN"} if is_group_norm else {}),
        **({"stride": conf["stride"]} if "stride" in conf else {}),
    }
    questions: dict[str, tuple[Choice, ...]] = {"mask_act": _MASK_QUESTION}
    if f"{MASK_SLOPE}.weight" not in weights:
        if f"{_NETWORK}.4.weight" not in found.weights:
            fixed["mask_input_act"] = "linear"
        elif "pre_mask_nonlinear" in conf:
            fixed["mask_input_act"] = in_lower_case(conf["pre_mask_nonlinear"])
        else:
            questions["mask_input_act"] = _BEFORE_MASK
    assumptions = {"norm_type": assumed_norm(causal=causal)}
    return NamedWeights(found.where, weights, recorded, fixed, tuple(notes), questions, assumptions)


def _names(found: FoundWeights, *, causal: bool) -> Names:
    """Return the names; an activation before the mask convolution moves that up by one."""
    names = names_of_blocks(_NETWORK, causal=causal)
    if f"{_NETWORK}.4.weight" not in found.weights:
        return names
    outside = {**names.outside, f"{_NETWORK}.3": MASK_SLOPE, f"{_NETWORK}.4": MASK}
    return Names(outside, names.block, names.inside)


def _recorded(metadata: Iterable[Metadata]) -> Recorded:
    """Read the separation's sections; of other parts, whose words are the same, the rate alone."""
    read = [(entry, options) for entry, options in recorded_options(metadata, sizes=_SIZES).read]
    return merged(
        [
            (
                entry,
                options if _is_of_separation(entry) else {k: v for k, v in options.items() if k == "sample_rate"},
            )
            for entry, options in read
        ]
    )


def _is_of_separation(entry: Metadata) -> bool:
    return not entry.section.endswith("_conf") or entry.section.removeprefix("enh_") in _SECTIONS


def _conf(found: FoundWeights) -> Mapping[str, object]:
    """Return what decides the numbers and has ESPnet's own names, from all sections of the configuration."""
    wanted = ("masking", "predict_noise", "normalize_variance", "pre_mask_nonlinear", "stride")
    conf: dict[str, object] = {}
    for entry in filter(_is_of_separation, found.metadata):
        values = {name: entry.values[name] for name in wanted if name in entry.values}
        if entry.section != "encoder_conf" and "kernel_size" not in entry.values:
            values.pop("stride", None)  # another part's: an augmentation's, a front end's
        conf = {**values, **conf}
    return conf
