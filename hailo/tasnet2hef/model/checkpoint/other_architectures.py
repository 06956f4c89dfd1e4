"""Refuses checkpoints that are not a Conv-TasNet and names their architecture."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NoReturn

from torch import Tensor

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.base.text import first_few
from tasnet2hef.model.checkpoint.state_dicts import plain_keys, unwrap
from tasnet2hef.model.checkpoint.stored import RawCheckpoint

# A parameter name that only this architecture has; the first match wins. Sources: the packages' own modules.
_MARKS: tuple[tuple[str, str], ...] = (
    (r"masker\.(dense_skip|scaling_param)", "Asteroid's TDCN++, with scaled residuals and dense skips"),
    (r"DPRNN_TAC|\.TAC\.", "FaSNet-TAC"),
    (r"\.mha\.in_proj|masker\.ola", "DPTNet"),
    (r"dual_mdl|intra_mdl", "SepFormer, or another dual-path net of SpeechBrain"),
    (r"intra_rnn|intra_RNN|inter_rnn|inter_RNN|row_rnn", "DPRNN"),
    (r"re_module|im_module|\.re_conv|encoders\.\d+\.conv\.re", "DCUNet or DCCRNet, complex spectra"),
    (r"spp_dw|proj_1x1\.conv|\.blocks\.\d+\.depthwise_conv", "SuDORMRF"),
    (r"tencoder\.|crosstransformer", "Hybrid Demucs"),
    (r"^(model\.)?(encoder|decoder)\.\d+\.\d+\.(weight|conv)|lstm\.lstm\.", "Demucs"),
    (r"layer_lstm|layer_enc\.|mean_scale", "X-UMX, Open-Unmix"),
    (
        r"separator\.network\.|basis_signals|temporal_conv_net|conv1d_U",
        "a Conv-TasNet of kaituoxu or SpeechBrain, without skip path and biases",
    ),
    (r"masker\.\d+\.rnn|masker\.\d+\.rnns", "LSTMTasNet"),
    (r"wav2vec|feature_extractor\.conv_layers|quantizer\.", "wav2vec 2.0, HuBERT or a codec"),
    (r"self_attn|self_attention|attention\.self|attn\.c_attn|\.attention\.query", "a transformer"),
    (r"^(.*\.)?layer[1-4]\.\d+\.conv\d\.", "ResNet"),
    (r"down_blocks|up_blocks|downs\.\d|inc\.double_conv", "U-Net"),
)
_SHOWN = 3


def refuse_architecture(raw: RawCheckpoint) -> NoReturn:
    """Refuse; name the architecture that the checkpoint looks like, or else its first parameters."""
    keys = list(plain_keys(unwrap(raw.content)))
    tensors = [key for key, value in plain_keys(unwrap(raw.content)).items() if isinstance(value, Tensor)]
    if not tensors:
        raise CheckpointError(
            f"{raw.where}: found no weights ({_listed(keys)}), expected the weights of a Conv-TasNet, bare or "
            "under state_dict, model_state_dict, model or net; save the network's state_dict"
        )
    raise CheckpointError(
        f"{raw.where}: found {_description(raw, tensors)}, expected a Conv-TasNet of Asteroid or "
        "torchaudio; no other architecture can be exported"
    )


def _description(raw: RawCheckpoint, keys: list[str]) -> str:
    looks = _looks_like(keys)
    name = raw.content.get("model_name")
    named = f"a {name}" if isinstance(name, str) else ""
    if named and looks:
        return f"{named} (weights as in {looks})"
    if named or looks:
        return named or f"what looks like {looks}"
    return f"{len(keys)} weights of no known separation net ({_listed(keys)})"


def _looks_like(keys: Iterable[str]) -> str:
    names = list(keys)
    return next((name for mark, name in _MARKS if any(re.search(mark, key) for key in names)), "")


def _listed(keys: list[str]) -> str:
    return first_few([key[:60] for key in keys], _SHOWN) or "nothing"
