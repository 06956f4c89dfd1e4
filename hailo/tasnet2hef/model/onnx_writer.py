"""Writes a HailoTasNet as ONNX: one node per primitive, named after its place in the network.

Why not ``torch.onnx.export`` (measured with torch 2.13.0): its default exporter starts at opset 18, which no
recorded compile has used, and its optimiser drops the norms' ``+ 1e-8`` as if it were zero, so that silence
divides by zero; the older exporter is deprecated and leaves Pad, Slice and Constant clutter. HailoTasNet
consists of primitives that are one node each, so a trace by ``torch.fx`` is already the graph.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import fx, nn

from tasnet2hef.base.graph_contract import INPUT_NAME, METADATA_KEY, GraphContract, output_names
from tasnet2hef.base.version import __version__
from tasnet2hef.model.network.hailo_tasnet import HailoTasNet
from tasnet2hef.model.network.memory import PastRows
from tasnet2hef.model.network.primitives import Primitive

OPSET: Final = 13
"""Opsets 11 to 14 and 17 have compiled; a published HEF was made from 13 (limits.md, section 8)."""
IR_VERSION: Final = 8  # what onnx 1.14 and the DFC's own onnx 1.16 both read


class _PrimitiveTracer(fx.Tracer):
    """Traces down to primitives and no further."""

    def is_leaf_module(self, module: nn.Module, qualified_name: str) -> bool:
        """Stop at primitives and inputs."""
        return isinstance(module, (Primitive, PastRows))


def node_name(module_name: str) -> str:
    """Return the name of a module's node: ``tcn_03/norm_1/mean`` for ``tcn_03.norm_1.mean``."""
    return module_name.replace(".", "/")


def make_model(net: HailoTasNet) -> onnx.ModelProto:
    """Write ``net`` as an ONNX model with static shapes, checked by ``onnx.checker``.

    Raises:
        TypeError: the network has an operation that is not a primitive.
    """
    nodes: list[onnx.NodeProto] = []
    initializers: list[onnx.TensorProto] = []
    tensor_names: dict[fx.Node, str] = {}
    trace = _PrimitiveTracer().trace(net)
    final_names = dict(zip(_output_nodes(trace), output_names(net.contract.spec.n_src), strict=True))
    for traced in trace.nodes:
        if traced.op == "placeholder":
            tensor_names[traced] = INPUT_NAME
        elif traced.op == "call_module":
            name = node_name(str(traced.target))
            primitive = net.get_submodule(str(traced.target))
            if isinstance(primitive, PastRows):
                tensor_names[traced] = name
                continue
            assert isinstance(primitive, Primitive)
            constants = {f"{name}/{key}": value for key, value in primitive.constants().items()}
            initializers += [numpy_helper.from_array(v.detach().numpy(), key) for key, v in constants.items()]
            tensor_names[traced] = final_names.get(traced, name)
            inputs = [tensor_names[source] for source in traced.args if isinstance(source, fx.Node)]
            nodes.append(
                helper.make_node(
                    primitive.op_type,
                    [*inputs, *constants],
                    [tensor_names[traced]],
                    name=name,
                    **primitive.attributes(),
                )
            )
        elif traced.op != "output":
            raise TypeError(f"{traced.name}: {traced.op} {traced.target} is not a primitive")
    return _assemble(net.contract, nodes, initializers)


def _output_nodes(trace: fx.Graph) -> tuple[fx.Node, ...]:
    """Return the nodes whose values the network returns, in order."""
    (outputs,) = trace.output_node().args
    assert isinstance(outputs, tuple)
    return tuple(node for node in outputs if isinstance(node, fx.Node))


def _assemble(
    contract: GraphContract, nodes: list[onnx.NodeProto], initializers: list[onnx.TensorProto]
) -> onnx.ModelProto:
    shape, states = contract.input_shape, contract.state_shapes
    next_states = dict(zip(contract.next_state_names, states.values(), strict=True))
    graph = helper.make_graph(
        nodes,
        "convtasnet",
        _ports({INPUT_NAME: shape} | states),
        _ports(dict.fromkeys(output_names(contract.spec.n_src), shape) | next_states),
        initializers,
    )
    settings: dict[str, Any] = {"producer_name": "tasnet2hef", "producer_version": __version__}
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, **settings
    )
    helper.set_model_props(model, {METADATA_KEY: contract.to_json()})
    onnx.checker.check_model(model, full_check=True)
    return onnx.shape_inference.infer_shapes(model, strict_mode=True)


def _ports(shapes: Mapping[str, Sequence[int]]) -> list[onnx.ValueInfoProto]:
    return [helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape)) for name, shape in shapes.items()]
