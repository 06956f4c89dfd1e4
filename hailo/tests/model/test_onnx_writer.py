"""The written graph: one node a primitive, readable names, static shapes, no clutter."""

from __future__ import annotations

from collections import Counter

import onnx
import pytest

from tasnet2hef.base.graph_contract import METADATA_KEY, GraphContract
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.base.window_length import next_factored
from tasnet2hef.model.network.build_options import BuildOptions
from tasnet2hef.model.network.hailo_tasnet import HailoTasNet
from tasnet2hef.model.network.norms import norm_strategy
from tasnet2hef.model.onnx_writer import OPSET, make_model
from tests.random_weights import random_reference, small_spec

CLUTTER = {"Identity", "Constant", "Shape", "Expand", "Reshape", "Transpose", "Slice", "Pad", "Cast", "Gather"}


def _model(build: dict[str, str] | None = None, **options: object) -> onnx.ModelProto:
    spec = small_spec(**options)
    frames = next_factored(200) if norm_strategy(spec) == "exact" else 200
    weights = random_reference(spec, slope=(0.1, 0.7)).state_dict()
    return make_model(HailoTasNet(spec, weights, BuildOptions(window_frames=frames, **(build or {}))))


@pytest.mark.parametrize("norm", ["gLN", "fgLN", "cLN", "bN"])
@pytest.mark.parametrize("causal", [False, True])
def test_no_clutter_and_four_dimensions(norm: str, causal: bool) -> None:
    model = _model(norm_type=norm, causal=causal, mask_act="softmax", n_src=3)
    assert not CLUTTER & {node.op_type for node in model.graph.node}
    shapes = [value.type.tensor_type.shape.dim for value in model.graph.value_info]
    assert len(shapes) >= len(model.graph.node) - 3
    assert all(len(shape) == 4 and all(dimension.dim_value > 0 for dimension in shape) for shape in shapes)


def test_names_follow_the_network() -> None:
    names = [node.name for node in _model().graph.node]
    assert len(names) == len(set(names))
    for name in ("encoder", "bottleneck", "tcn_03/depthwise", "tcn_03/norm_1/mean/frames_1", "source_2/decoder"):
        assert name in names


def test_convolutions_leave_nothing_to_be_inferred() -> None:
    for node in _model(causal=True, norm_type="cLN").graph.node:
        if node.op_type == "Conv":
            attributes = {attribute.name for attribute in node.attribute}
            assert attributes == {"kernel_shape", "strides", "pads", "dilations", "group"}


def test_inputs_outputs_and_opset() -> None:
    model = _model()
    assert [value.name for value in model.graph.input] == ["frames"]
    assert [value.name for value in model.graph.output] == ["source_1", "source_2"]
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", OPSET)]


def test_the_graph_says_what_it_is() -> None:
    model = _model(build={"layout": "wide", "residual": "joint"})
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    contract = GraphContract.from_metadata(metadata, "model")
    assert contract.to_json() == metadata[METADATA_KEY]
    assert (contract.layout, contract.residual, contract.norm) == ("wide", "joint", "exact")
    dims = model.graph.input[0].type.tensor_type.shape.dim
    assert tuple(dimension.dim_value for dimension in dims) == contract.input_shape


def test_a_joint_state_saves_an_add_and_a_convolution_a_block() -> None:
    count = {
        residual: Counter(node.op_type for node in _model({"residual": residual}, norm_type="bN").graph.node)
        for residual in ("separate", "joint")
    }
    assert count["separate"]["Conv"] - count["joint"]["Conv"] == 6 - 1
    assert count["separate"]["Add"] - count["joint"]["Add"] == 6 - 2


@pytest.mark.slow
def test_the_default_nets_sizes() -> None:
    # 24 blocks: expand, activation, depthwise, activation, residual, skip, two adds; ends: see the network.
    spec = TasNetSpec(n_src=2, norm_type="bN")
    weights = random_reference(spec, slope=(0.1, 0.7)).state_dict()
    separate, joint = (
        make_model(HailoTasNet(spec, weights, BuildOptions(window_frames=64, residual=residual)))
        for residual in ("separate", "joint")
    )
    assert len(separate.graph.node) <= 205
    assert len(joint.graph.node) <= 160
