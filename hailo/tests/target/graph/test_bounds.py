"""Graphs of a few hundred bytes that ask for much: constants, shapes, stored tensors, external weights."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tasnet2hef.base.errors import GraphError
from tasnet2hef.target.graph.constants import LARGEST_COMPUTED, MOST_COMPUTED, Constants, evaluate
from tasnet2hef.target.graph.memory import require_memory
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.graph.result_size import largest_result
from tests.target.graph.conftest import model_of

Save = Callable[..., Path]
NODE = helper.make_node
WEIGHT = (4, 4, 1, 1)
INPUT = {"x": [1, 4, 8, 1]}


def refusal(path: Path) -> str:
    with pytest.raises(GraphError) as caught:
        _ = OpenedGraph.read(path).net
    assert "\n" not in str(caught.value)
    return str(caught.value)


def int64(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


ONE = np.ones((1, 1), np.float32)
LARGE: dict[str, tuple[onnx.NodeProto, dict[str, np.ndarray]]] = {
    "Pad": (NODE("Pad", ["a", "r"], ["k"]), {"a": ONE, "r": int64(0, 0, 70000, 70000)}),
    "Expand": (NODE("Expand", ["a", "r"], ["k"]), {"a": ONE, "r": int64(2**40, 2**40)}),
    "Tile": (NODE("Tile", ["a", "r"], ["k"]), {"a": ONE, "r": int64(70000, 70000)}),
    "ConstantOfShape": (NODE("ConstantOfShape", ["r"], ["k"]), {"r": int64(70000, 70000)}),
    "Range": (NODE("Range", ["r", "s", "t"], ["k"]), {"r": int64(0), "s": int64(2**40), "t": int64(1)}),
    "Concat": (NODE("Concat", ["a"] * 70, ["k"], axis=0), {"a": np.ones(1000, np.float32)}),
    "Mul": (
        NODE("Mul", ["a", "b"], ["k"]),
        {"a": np.ones((300, 1), np.float32), "b": np.ones((1, 300), np.float32)},
    ),
    "Where": (
        NODE("Where", ["c", "a", "b"], ["k"]),
        {"c": np.array(True), "a": np.ones((300, 1), np.float32), "b": np.ones((1, 300), np.float32)},
    ),
    "Gather": (NODE("Gather", ["a", "i"], ["k"]), {"a": np.ones((2, 300), np.float32), "i": int64(*[0] * 300)}),
}
"""Nodes whose result has more than LARGEST_COMPUTED values."""
SMALL: dict[str, tuple[onnx.NodeProto, dict[str, np.ndarray], tuple[int, ...]]] = {
    "Pad": (NODE("Pad", ["a", "r"], ["k"]), {"a": ONE, "r": int64(0, 1, 2, 0)}, (3, 2)),
    "Expand": (NODE("Expand", ["a", "r"], ["k"]), {"a": ONE, "r": int64(3, 1)}, (3, 1)),
    "Tile": (NODE("Tile", ["a", "r"], ["k"]), {"a": ONE, "r": int64(2, 3)}, (2, 3)),
    "ConstantOfShape": (NODE("ConstantOfShape", ["r"], ["k"]), {"r": int64(3, 0)}, (3, 0)),
    "Gather": (NODE("Gather", ["a", "i"], ["k"], axis=1), {"a": np.ones((2, 3)), "i": int64(0, 1)}, (2, 2)),
    "Slice": (NODE("Slice", ["a", "s", "e"], ["k"]), {"a": int64(1, 2, 3), "s": int64(1), "e": int64(3)}, (2,)),
    "Sub": (NODE("Sub", ["a", "b"], ["k"]), {"a": np.ones((2, 1)), "b": np.ones(3)}, (2, 3)),
}


@pytest.mark.parametrize("operator", LARGE)
def test_a_large_constant_is_not_computed(operator: str) -> None:
    node, feeds = LARGE[operator]
    largest = largest_result(node, [feeds[name] for name in node.input])
    assert largest is not None
    assert largest > LARGEST_COMPUTED
    assert evaluate(node, feeds, 17) == {}


@pytest.mark.parametrize("operator", SMALL)
def test_a_small_constant_is_computed_within_its_bound(operator: str) -> None:
    node, feeds, shape = SMALL[operator]
    values = evaluate(node, feeds, 17)["k"]
    assert values.shape == shape
    largest = largest_result(node, [feeds[name] for name in node.input])
    assert largest is not None
    assert largest >= values.size


@pytest.mark.parametrize(
    "node",
    [
        NODE("RegexFullMatch", ["t"], ["k"], pattern="(a+)+$b"),
        NODE("StringConcat", ["t", "t"], ["k"]),
        NODE("StringSplit", ["t"], ["k", "n"]),
        NODE("Einsum", ["a", "a"], ["k"], equation="i,j->ij"),
        NODE("RandomNormal", [], ["k"], shape=[10]),
        NODE("OneHot", ["i", "d", "a"], ["k"]),
    ],
    ids=lambda node: str(node.op_type),
)
def test_texts_and_what_is_not_listed_are_never_computed(node: onnx.NodeProto) -> None:
    feeds = {"t": np.array(["aaaa"], object), "a": np.ones(2), "i": int64(0), "d": int64(2)}
    assert evaluate(node, {name: feeds[name] for name in node.input}, 20) == {}


def test_all_constants_of_a_graph_together_are_bounded() -> None:
    """A chain of constants, each allowed by itself: the values stop where the sum is reached."""
    count = 2 * MOST_COMPUTED // LARGEST_COMPUTED
    stored = {"k0": numpy_helper.from_array(np.ones(LARGEST_COMPUTED, np.float32), "k0")}
    computed = {f"k{n}": NODE("Neg", [f"k{n - 1}"], [f"k{n}"]) for n in range(1, count)}
    constants = Constants(stored, computed, dict.fromkeys(computed, (LARGEST_COMPUTED,)), 17, Path())
    known = [name for name in computed if constants.small(name) is not None]
    assert known == [f"k{n}" for n in range(1, MOST_COMPUTED // LARGEST_COMPUTED + 1)]


@pytest.mark.parametrize("size", [-1, -(2**63), 2**62])
def test_impossible_sizes_of_tensors_in_between_are_inferred_instead(save: Save, size: int) -> None:
    """ONNX's inference aborts the process where a slice reads an axis of -1."""
    ends = {"first": int64(0), "end": int64(4), "axis": int64(2)}
    nodes = [NODE("Relu", ["x"], ["t"]), NODE("Slice", ["t", *ends], ["y"])]
    model = model_of(nodes, INPUT, ["y"], ends)
    model.graph.value_info.append(helper.make_tensor_value_info("t", TensorProto.FLOAT, [1, 4, size, 1]))
    path = save(nodes, INPUT, ["y"], ends)
    path.write_bytes(model.SerializeToString())
    assert OpenedGraph.read(path).loaded.shapes == {
        "x": (1, 4, 8, 1),
        "t": (1, 4, 8, 1),
        "y": (1, 4, 4, 1),
        **dict.fromkeys(ends, (1,)),
    }


def _tensor(**fields: object) -> TensorProto:
    return TensorProto(**{"name": "w", "dims": WEIGHT, "data_type": TensorProto.FLOAT, **fields})


@pytest.mark.parametrize(
    ("tensor", "words"),
    [
        (_tensor(raw_data=b"1"), "w: found 1 bytes for [4, 4, 1, 1], expected 64"),
        (_tensor(raw_data=bytes(65)), "found 65 bytes for [4, 4, 1, 1], expected 64"),
        (_tensor(), "found 0 values for [4, 4, 1, 1], expected 16"),
        (_tensor(float_data=[1.0] * 15), "found 15 values for [4, 4, 1, 1], expected 16"),
        (_tensor(int64_data=[1] * 16), "found 0 values for [4, 4, 1, 1], expected 16"),
        (_tensor(dims=[4, -4, 1, 1], raw_data=bytes(64)), "found shape [4, -4, 1, 1]"),
        (_tensor(dims=[2**62, 4, 1, 1], raw_data=bytes(64)), "found shape [4611686018427387904, 4, 1, 1]"),
        (_tensor(dims=[1] * 3000, raw_data=bytes(4)), "found shape of 3000 axes"),
        (_tensor(data_type=99, raw_data=bytes(64)), "found data type 99"),
        (_tensor(data_type=0, raw_data=bytes(64)), "found data type 0"),
        (
            _tensor(data_type=TensorProto.BFLOAT16, raw_data=bytes(64)),
            "found 64 bytes for [4, 4, 1, 1], expected 32",
        ),
        (_tensor(data_type=TensorProto.STRING, raw_data=bytes(16)), "found 16 bytes for [4, 4, 1, 1], expected 0"),
    ],
)
@pytest.mark.parametrize("place", ["initialiser", "Constant"])
def test_stored_tensors_have_the_bytes_of_their_shape(
    save: Save, tensor: TensorProto, words: str, place: str
) -> None:
    nodes = [NODE("Conv", ["x", "w"], ["y"])]
    if place == "Constant":
        nodes.insert(0, NODE("Constant", [], ["w"], value=tensor))
    model = model_of(nodes, INPUT, ["y"])
    if place == "initialiser":
        model.graph.initializer.append(tensor)
    path = save(nodes, INPUT, ["y"])
    path.write_bytes(model.SerializeToString())
    assert words in refusal(path)


def _external(save: Save, **entries: str) -> Path:
    tensor = _tensor(data_location=TensorProto.EXTERNAL)
    for key, value in entries.items():
        tensor.external_data.add(key=key, value=value)
    model = model_of([NODE("Conv", ["x", "w"], ["y"])], INPUT, ["y"])
    model.graph.initializer.append(tensor)
    path = save([], {}, [])
    path.write_bytes(model.SerializeToString())
    return path


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("/etc/passwd", "found its weights at '/etc/passwd', expected a file in the graph's own folder"),
        ("../weights.bin", "found its weights at '../weights.bin'"),
        ("a/../../weights.bin", "expected a file in the graph's own folder"),
        ("", "found its weights at ''"),
        ("a\0b", "expected a file in the graph's own folder"),
        ("a" * 300, "has 300 letters, expected at most 255"),
    ],
)
def test_external_weights_are_beside_the_graph(save: Save, location: str, words: str) -> None:
    assert words in refusal(_external(save, location=location))


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({"offset": str(2**60)}, f"found 64 bytes from byte {2**60} of weights.bin, which has 100"),
        ({"length": "1"}, "found 1 bytes from byte 0"),
        ({"length": str(2**60)}, f"found {2**60} bytes from byte 0"),
        ({"offset": "-5"}, "found offset '-5' of its weights, expected a number of bytes"),
        ({"offset": "9" * 5000}, "of its weights, expected a number of bytes"),
        ({"offset": "40"}, "found 64 bytes from byte 40 of weights.bin, which has 100; expected 64 bytes"),
    ],
)
def test_external_weights_lie_within_their_file(save: Save, entries: dict[str, str], words: str) -> None:
    path = _external(save, location="weights.bin", **entries)
    path.with_name("weights.bin").write_bytes(bytes(100))
    graph = OpenedGraph.read(path)
    with pytest.raises(GraphError) as caught:
        graph.with_weights()
    assert words in str(caught.value)
    with pytest.raises(GraphError, match=r"found|expected"):
        graph.loaded.constants.array("w")


def test_external_weights_are_read_from_where_they_lie(save: Save) -> None:
    path = _external(save, location="weights.bin", offset="8")
    values = np.arange(20, dtype=np.float32)
    path.with_name("weights.bin").write_bytes(values.tobytes())
    graph = OpenedGraph.read(path)
    np.testing.assert_array_equal(graph.loaded.constants.array("w").reshape(-1), values[2:18])
    np.testing.assert_array_equal(
        numpy_helper.to_array(graph.with_weights().graph.initializer[0]).reshape(-1), values[2:18]
    )


def test_a_link_out_of_the_folder_is_not_followed(save: Save, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = _external(save, location="weights.bin")
    secret = tmp_path_factory.mktemp("elsewhere") / "secret"
    secret.write_bytes(bytes(64))
    path.with_name("weights.bin").symlink_to(secret)
    with pytest.raises(GraphError, match="missing beside the graph"):
        OpenedGraph.read(path).with_weights()


def test_a_pipe_in_place_of_weights_is_not_opened(save: Save) -> None:
    path = _external(save, location="weights.bin")
    os.mkfifo(path.with_name("weights.bin"))
    assert OpenedGraph.read(path).loaded.weights_absent
    with pytest.raises(GraphError, match="missing beside the graph"):
        OpenedGraph.read(path).with_weights()


def test_a_graph_that_needs_little_memory_may_run() -> None:
    chain = [NODE("Relu", [f"t{n}"], [f"t{n + 1}"]) for n in range(100)]
    model = model_of(chain, {"t0": [1, 1000]}, ["t100"])
    require_memory(model, "net", 2 * 8 * 1000)  # a node's input and its output, and nothing else, at once
    with pytest.raises(GraphError, match=r"net: needs 0 MB at once, expected at most 0 MB"):
        require_memory(model, "net", 2 * 8 * 1000 - 1)


@pytest.mark.parametrize(
    ("nodes", "constants", "words"),
    [
        ([NODE("Expand", ["x", "r"], ["y"])], {"r": int64(2**20, 4, 8, 2**20)}, "needs 281,474,977 MB at once"),
        (
            [NODE("ConstantOfShape", ["r"], ["c"]), NODE("Add", ["x", "c"], ["y"])],
            {"r": int64(2**20, 4, 8, 99)},
            "MB",
        ),
        (
            [NODE("NonZero", ["x"], ["n"]), NODE("Cast", ["n"], ["y"], to=1)],
            {},
            "the shape of . does not follow from the inputs",
        ),
    ],
)
def test_a_graph_that_needs_much_memory_is_not_run(
    nodes: Sequence[onnx.NodeProto], constants: dict[str, np.ndarray], words: str
) -> None:
    model = model_of(nodes, INPUT, ["y"], constants)
    # What the file says of its tensors is not believed.
    model.graph.value_info.append(helper.make_tensor_value_info("c", TensorProto.FLOAT, [1, 1]))
    with pytest.raises(GraphError, match=words):
        require_memory(model, "net", 2**29)


def test_a_check_of_a_graph_that_pads_a_constant_to_60_gb_stays_below_one_gb(save: Save) -> None:
    """The value of `k` is not known, and that is no reason to refuse the graph or to compute it."""
    nodes = [
        NODE("Add", ["r", "r"], ["pads"]),
        NODE("Pad", ["a", "pads"], ["padded"]),
        NODE("ReduceSum", ["padded"], ["k"], keepdims=0),
        NODE("Mul", ["x", "k"], ["y"]),
    ]
    model = model_of(nodes, INPUT, ["y"], {"a": ONE, "r": int64(0, 0, 60000, 60000)})
    model.graph.value_info.append(helper.make_tensor_value_info("padded", TensorProto.FLOAT, [4, 4]))
    path = save([], {}, [])
    path.write_bytes(model.SerializeToString())

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))

    done = subprocess.run(
        [sys.executable, "-m", "tasnet2hef", "layers", str(path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OPENBLAS_NUM_THREADS": "1"},
        preexec_fn=limit,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
