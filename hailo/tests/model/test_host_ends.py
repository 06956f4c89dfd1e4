"""A graph cut at its ends: three parts that give the original's numbers together, and no layer twice."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.graph_contract import GraphContract, metadata_of
from tasnet2hef.base.host_ends import PARTS, part_of
from tasnet2hef.base.parity import compare_sources
from tasnet2hef.model.checkpoint import from_module
from tasnet2hef.model.export import ExportOptions, build
from tasnet2hef.model.host_ends import chip_part, split_ends
from tasnet2hef.model.onnx_writer import make_model
from tasnet2hef.model.parity import separate_by_original
from tasnet2hef.runtime.backends.frames import (
    frames_to_streams,
    frames_to_tensor,
    streams_to_frames,
    tensor_to_frames,
)
from tasnet2hef.runtime.speech_windows import speech_clips
from tests.random_weights import random_reference, small_spec

EXACT_DB = 90.0
NETS = [
    {"norm_type": "gLN"},
    {"norm_type": "bN", "encoder_activation": "relu", "mask_act": "softmax", "n_src": 3},
    {
        "norm_type": "cLN",
        "encoder_activation": "sigmoid",
        "skip_chan": None,
    },  # the chip reads what the sigmoid does
    {"norm_type": "cLN", "encoder_activation": "gelu", "mask_act": "linear", "n_src": 1},
]


def _whole(**spec: object) -> tuple[onnx.ModelProto, object]:
    checkpoint = from_module(random_reference(small_spec(**spec)))
    net, _ = build(checkpoint, ExportOptions(seconds=0.1))
    return make_model(net), checkpoint


@pytest.mark.parametrize("spec", NETS, ids=str)
def test_the_three_parts_give_the_originals_numbers(spec: dict[str, object]) -> None:
    model, checkpoint = _whole(**spec)
    contract = GraphContract.from_metadata(metadata_of(model), "")
    clips = speech_clips(contract, 1)
    tensors = {"frames": frames_to_tensor(streams_to_frames(clips, contract), contract)}
    for part in split_ends(model):
        session = onnxruntime.InferenceSession(part.SerializeToString(), providers=["CPUExecutionProvider"])
        names = [port.name for port in session.get_outputs()]
        feeds = {port.name: tensors[port.name] for port in session.get_inputs()}
        tensors |= dict(zip(names, session.run(names, feeds), strict=True))
    frames = [tensor_to_frames(tensors[f"source_{n}"], contract) for n in range(1, contract.spec.n_src + 1)]
    sources = frames_to_streams(np.stack(frames), contract)[0]
    original = separate_by_original(checkpoint, clips, with_tail=False)[0]
    assert compare_sources("original / three parts", original, sources).db > EXACT_DB


@pytest.mark.parametrize("spec", NETS, ids=str)
def test_each_node_is_in_one_part(spec: dict[str, object]) -> None:
    model, _ = _whole(**spec)
    parts = split_ends(model)
    nodes = [[node.name for node in part.graph.node] for part in parts]
    assert sorted(name for names in nodes for name in names) == sorted(node.name for node in model.graph.node)
    for part, names in zip(PARTS, nodes, strict=True):
        assert {part_of(name) for name in names} == {part}


def test_the_chip_takes_the_representation_and_returns_masks() -> None:
    chip = chip_part(_whole(norm_type="gLN", encoder_activation="relu")[0])
    assert [port.name for port in chip.graph.input] == ["encoder_activation"]
    assert [port.name for port in chip.graph.output] == ["masks/activation_1", "masks/activation_2"]
    contract = GraphContract.from_metadata(metadata_of(chip), "")
    assert (contract.ends, contract.segment, contract.segments) == ("host", 2, 3)


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (ExportOptions(chunk_frames=8), "a stateful graph"),
        (ExportOptions(seconds=0.1, layout="wide"), "the layout wide"),
        (ExportOptions(seconds=0.1, streams=2), "2 streams"),
    ],
)
def test_other_forms_are_refused(options: ExportOptions, found: str) -> None:
    causal = from_module(random_reference(small_spec(norm_type="bN", causal=True)))
    net, _ = build(causal, options)
    with pytest.raises(OptionError, match=f"ends on the host: found {found}, expected a whole tall graph"):
        chip_part(make_model(net))


def test_a_part_is_not_cut_again() -> None:
    chip = chip_part(_whole(norm_type="gLN")[0])
    with pytest.raises(OptionError, match="found part 2 of 3"):
        chip_part(chip)
