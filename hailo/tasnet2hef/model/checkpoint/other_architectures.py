"""Refuses checkpoints that are not a Conv-TasNet and names their architecture."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NoReturn

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.base.text import first_few
from tasnet2hef.model.checkpoint.stored import RawCheckpoint
from tasnet2hef.model.checkpoint.stored_values import walk
from tasnet2hef.model.checkpoint.weight_sets import plain_names, tensors_in, unread_tensors

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
    (r"masker\.\d+\.rnn|masker\.\d+\.rnns", "LSTMTasNet"),
    (r"wav2vec|feature_extractor\.conv_layers|quantizer\.", "wav2vec 2.0, HuBERT or a codec"),
    (r"self_attn|self_attention|attention\.self|attn\.c_attn|\.attention\.query", "a transformer"),
    (r"^(.*\.)?layer[1-4]\.\d+\.conv\d\.", "ResNet"),
    (r"down_blocks|up_blocks|downs\.\d|inc\.double_conv", "U-Net"),
)
# A parameter of a member of this family that is refused, and why. The folder of three is SpeechBrain's.
_PARTS = (
    "of a SpeechBrain Conv-TasNet alone, expected its encoder, masknet and decoder together; give the folder with "
    "encoder.ckpt, masknet.ckpt and decoder.ckpt"
)
_REFUSALS: tuple[tuple[str, str], ...] = (
    (
        r"^(.*\.)?(spatial|spectral)_encoder\.",
        "found a second encoder, for several microphones (Clarity's MC-ConvTasNet), expected one input channel; "
        "only nets that separate one channel can be exported",
    ),
    (
        r"spk_(transform|model|encoder)|speaker_encoder|gamma_fcs|\.fc\.linear|spk_fuse",
        "found a net for one target speaker, which takes that speaker's embedding as a second input (wesep), "
        "expected one input; no net with a second input can be exported",
    ),
    (
        r"^(temporal_conv_net\.temporalblock|bottleneck_conv1x1\.conv|mask_conv1x1\.conv)",
        f"found the masknet {_PARTS}",
    ),
)
_SINGLE: tuple[tuple[str, str], ...] = (
    (r"^conv1d(_U\.conv)?\.weight$", f"found the encoder {_PARTS}"),
    (r"^(basis_signals\.w\.)?weight$", f"found the decoder {_PARTS}"),
)
_SHOWN = 3


def refuse_architecture(raw: RawCheckpoint) -> NoReturn:
    """Refuse; name the architecture that the checkpoint looks like, or else its first parameters."""
    mappings = [mapping for _, mapping in walk(raw.content)]
    tensors = max((tensors_in(plain_names(mapping)) for mapping in mappings), key=len, default={})
    for name, kind in (each for mapping in mappings for each in unread_tensors(plain_names(mapping)).items()):
        raise CheckpointError(
            f"{raw.where}: {name}: found a {kind} tensor, expected plain float weights; save the network before "
            "it is quantised or pruned"
        )
    if not tensors:
        keys = list(mappings[0]) if mappings else [f"a {type(raw.content).__name__}"]
        raise CheckpointError(
            f"{raw.where}: found no weights ({_listed(keys)}), expected the weights of a Conv-TasNet by name; "
            "save the network's state_dict"
        )
    for mark, refusal in _REFUSALS if len(tensors) > 1 else (*_REFUSALS, *_SINGLE):
        marked = next((name for name in tensors if re.search(mark, name)), None)
        if marked is not None:
            raise CheckpointError(f"{raw.where}: {marked}: {refusal}")
    raise CheckpointError(
        f"{raw.where}: found {_description(mappings, list(tensors))}, expected a Conv-TasNet of a known layout "
        "(docs: reference/checkpoints); no other architecture can be exported"
    )


def _description(mappings: list[Mapping[str, object]], keys: list[str]) -> str:
    looks = _looks_like(keys)
    name = next((mapping["model_name"] for mapping in mappings if "model_name" in mapping), None)
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
