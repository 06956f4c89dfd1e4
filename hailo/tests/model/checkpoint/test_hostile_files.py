"""Files made to mislead or to exhaust the reader: one line that refuses them, soon."""

from __future__ import annotations

import collections
import contextlib
import io
import pathlib
import pickle
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from tasnet2hef.base.errors import Tasnet2HefError
from tasnet2hef.model.checkpoint import load_checkpoint
from tasnet2hef.model.checkpoint.plain_pickle import read_pickle
from tasnet2hef.model.checkpoint.stored_values import walk
from tasnet2hef.model.parity import measure_reading
from tests.asteroid_oracle import asteroid_conv_tasnet, needs_asteroid
from tests.model.checkpoint.foreign_nets import espnet, kaituoxu
from tests.model.checkpoint.foreign_nets_more import aps_time_tcn, speechbrain
from tests.model.checkpoint.small_nets import saved, small_package, small_weights

_SECONDS = 60
"""How long one file may take in a process of its own; most of the two seconds that they take imports torch."""


def _refusal(path: Path, settings: dict[str, object] | None = None) -> str:
    with pytest.raises(Tasnet2HefError) as refused:
        load_checkpoint(path, settings or {"mask_act": "relu"})
    message = str(refused.value)
    assert "\n" not in message
    return message


def _doubled(levels: int, wrap: Callable[[Any], Any]) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = wrap(value)
    return value


class _Named:
    """Pickles as a call of another name."""

    def __init__(self, function: Any, arguments: tuple[Any, ...], state: Any = None) -> None:
        self._reduced = (function, arguments) if state is None else (function, arguments, state)

    def __reduce__(self) -> Any:
        return self._reduced


class _Node:
    """A configuration's node, as omegaconf pickles one."""


def _nested_nodes() -> object:
    def wrapped(inner: Any) -> _Node:
        node = _Node()
        node.__dict__["_content"] = {"a": inner, "b": inner}
        return node

    return {"state_dict": small_weights(), "conf": _doubled(60, wrapped)}


def _node_in_itself() -> object:
    node = _Node()
    node.__dict__["_content"] = {"self": node}
    return {"state_dict": small_weights(), "conf": node}


def _shared_modules() -> object:
    module: nn.Module = nn.Linear(1, 1)
    for _ in range(40):
        outer = nn.Module()
        outer._modules.update(a=module, b=module)
        module = outer
    return module


def _growing_path() -> object:
    def twice(inner: Any) -> Any:
        return _Named(pathlib.PosixPath, (inner, inner))

    return {"state_dict": small_weights(), "path": _doubled(40, twice)}


def _copied_list() -> object:
    long = list(range(100_000))
    return {"state_dict": small_weights(), "lists": [_Named(list, (long,)) for _ in range(100_000)]}


def _expanded_twice() -> object:
    huge = torch.ones(1).as_strided((10**5, 10**6, 1), (0, 0, 0))
    same = torch.ones(1).as_strided((10**5, 10**6, 1), (0, 0, 0))
    name = "masker.bottleneck.1.weight"
    return {"raw": {**small_weights(), name: huge}, "ema": {**small_weights(), name: same}}


def _many_mappings() -> object:
    return {
        "state_dict": small_weights(),
        "state": {n: {"step": n, "value": torch.ones(1)} for n in range(20_000)},
    }


def _module_without_mapping() -> object:
    module = nn.Linear(1, 1)
    module.__dict__["_parameters"] = 7
    return module


def _name_of_many_parts() -> object:
    return {"encoder.conv1d_U" + ".x" * 100_000: torch.ones(1), **kaituoxu().state_dict()}


BOMBS: dict[str, Callable[[], object]] = {
    "nested nodes": _nested_nodes,
    "a node in itself": _node_in_itself,
    "shared modules": _shared_modules,
    "a growing path": _growing_path,
    "a copied list": _copied_list,
    "expanded twice": _expanded_twice,
    "many mappings": _many_mappings,
    "a module without a mapping": _module_without_mapping,
    "a name of many parts": _name_of_many_parts,
}
_RUN = """
import sys
from tasnet2hef.base.errors import Tasnet2HefError
from tasnet2hef.model.checkpoint import load_checkpoint
try:
    print("read", load_checkpoint(sys.argv[1], {"mask_act": "relu"}, assume=True).spec.n_src)
except Tasnet2HefError as error:
    print("refused", error)
"""


@pytest.mark.parametrize("name", BOMBS)
def test_nothing_hangs(name: str, tmp_path: Path) -> None:
    path = tmp_path / "net.pt"
    torch.save(BOMBS[name](), path)
    done = subprocess.run(
        [sys.executable, "-c", _RUN, str(path)], capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr[-500:]
    assert done.stdout.startswith(("read 2", "refused ")), done.stdout


def test_a_key_of_nested_tuples_is_no_text() -> None:
    twice = b"2\x86"  # DUP, TUPLE2
    data = b"\x80\x02}K\x01" + twice * 60 + b"K\x01s."
    ((_, mapping),) = walk(read_pickle(io.BytesIO(data)))
    assert list(mapping) == ["<key>"]


def test_a_sparse_file_of_a_terabyte(tmp_path: Path) -> None:
    path = tmp_path / "net.pt"
    for start in (b"\x80\x02", b"\x80\x04\x8e" + (2**39).to_bytes(8, "little"), b"\x80\x02cos\n"):
        with path.open("wb") as stream:
            stream.write(start)
            stream.truncate(2**40)
        assert "damaged" in _refusal(path)


@pytest.mark.parametrize("protocol", [0, 1])
def test_pickles_of_the_first_protocols_are_read(protocol: int, tmp_path: Path) -> None:
    arrays = {name: tensor.numpy() for name, tensor in small_weights().items()}
    for content in (arrays, collections.OrderedDict(arrays), {"model": arrays}):
        (tmp_path / "net.pkl").write_bytes(pickle.dumps(content, protocol))
        read = load_checkpoint(tmp_path / "net.pkl", {"mask_act": "relu", "n_blocks": 3})
        assert torch.equal(read.weights["masker.bottleneck.1.bias"], small_weights()["masker.bottleneck.1.bias"])


def test_a_damaged_compression_of_another_kind(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "net.pt", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("net/data.pkl", pickle.dumps({"a": 1}, 2) + bytes(5000))
    data = bytearray((tmp_path / "net.pt").read_bytes())
    data[60:80] = b"\xff" * 20
    (tmp_path / "net.pt").write_bytes(data)
    assert "damaged" in _refusal(tmp_path / "net.pt")


SCALAR, EMPTY = torch.tensor(1.0), torch.empty(0)


@pytest.mark.parametrize("odd", [SCALAR, EMPTY, torch.ones(3), torch.ones(2, 0, 4), torch.ones(1, 1, 1, 1)])
def test_no_weight_of_any_layout_may_have_other_axes(odd: Tensor, tmp_path: Path) -> None:
    nets = (kaituoxu(), espnet(), aps_time_tcn(), speechbrain(causal=True))
    for weights in (*(dict(net.state_dict()) for net in nets), small_weights()):
        kinds = {re.sub(r"\d+", "", name): name for name in weights}
        for name in kinds.values():
            path = saved({**weights, name: odd}, tmp_path / "net.pt")
            with contextlib.suppress(Tasnet2HefError):
                load_checkpoint(path, {"mask_act": "relu"}, assume=True)
                assert weights[name].numel() == odd.numel(), name


@pytest.mark.parametrize("number", ["05", "٥", "1" * 5000, "-1", "1_0"])
def test_numbers_of_blocks_are_written_in_one_way(number: str, tmp_path: Path) -> None:
    weights = small_weights()
    alias = {name.replace("TCN.5.", f"TCN.{number}."): value for name, value in weights.items()}
    assert "masker.TCN." in _refusal(saved({**alias, **weights}, tmp_path / "net.pt"), {"mask_act": "relu"})
    foreign = dict(kaituoxu().state_dict())
    twice = {
        k.replace("network.2.0.1.", f"network.2.0.{number}."): torch.zeros_like(v) for k, v in foreign.items()
    }
    message = _refusal(saved({**twice, **foreign}, tmp_path / "net.pt"), {"mask_act": "relu", "norm_type": "gLN"})
    assert "belong to no Conv-TasNet" in message
    assert len(message) < 500


def _export(tmp_path: Path, change: Callable[[onnx.GraphProto], None]) -> Path:
    """Write a graph with the weights' names of Asteroid, and change it."""
    values = {name: tensor.numpy() for name, tensor in small_weights().items()}
    graph = onnx.helper.make_graph(
        [
            onnx.helper.make_node("Conv", ["x", "encoder.filterbank._filters"], ["e"], strides=[8]),
            onnx.helper.make_node("Relu", ["e"], ["r"]),
        ],
        "net",
        [],
        [],
        [onnx.numpy_helper.from_array(value, name) for name, value in values.items()],
    )
    change(graph)
    (tmp_path / "net.onnx").write_bytes(onnx.helper.make_model(graph).SerializeToString())
    return tmp_path / "net.onnx"


def _cycle(graph: onnx.GraphProto) -> None:
    graph.node[1].CopyFrom(onnx.helper.make_node("Reshape", ["e", "r"], ["r"]))
    graph.node.append(onnx.helper.make_node("Reshape", ["r", "e"], ["e"]))


def _no_outputs(graph: onnx.GraphProto) -> None:
    del graph.node[0].output[:]


def _relu6(graph: onnx.GraphProto) -> None:
    graph.node.append(onnx.helper.make_node("Clip", ["r"], ["c"]))


@pytest.mark.parametrize(
    ("change", "message"),
    [(_cycle, "damaged ONNX"), (_no_outputs, "damaged ONNX"), (_relu6, "Clip behind the Relu")],
)
def test_graphs_that_are_no_export(
    change: Callable[[onnx.GraphProto], None], message: str, tmp_path: Path
) -> None:
    assert message in _refusal(_export(tmp_path, change))


def _npz(path: Path, **arrays: object) -> Path:
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]  # numpy types the keywords as one of its own
    return path


@pytest.mark.parametrize(
    ("mixture", "output"),
    [((3,), (2, 3)), ((), (2, 1)), ((0,), (2, 0)), ((15,), (2, 15)), ((1, 1, 15), (1, 2, 15)), ((400,), (2, 400))],
)
def test_references_too_short_to_compare(
    mixture: tuple[int, ...], output: tuple[int, ...], tmp_path: Path
) -> None:
    net = load_checkpoint(saved(small_package(), tmp_path / "net.pt"))
    path = _npz(tmp_path / "reference.npz", input=np.ones(mixture), output=np.ones(output))
    with pytest.raises(Tasnet2HefError, match=r"reference\.npz: .*found"):
        measure_reading(net, path)


def test_damaged_references(tmp_path: Path) -> None:
    net = load_checkpoint(saved(small_package(), tmp_path / "net.pt"))
    path = _npz(tmp_path / "reference.npz", input=np.random.rand(8000), output=np.random.rand(2, 8000))
    data = bytearray(path.read_bytes())
    data[100:140] = b"\xff" * 40
    path.write_bytes(data)
    with pytest.raises(Tasnet2HefError, match="can't be read"):
        measure_reading(net, path)
    header = {"descr": "<f4", "fortran_order": False, "shape": (2**60,)}
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, header)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("input.npy", buffer.getvalue())
    with pytest.raises(Tasnet2HefError, match="can't be read"):
        measure_reading(net, path)


def test_references_that_are_no_samples(tmp_path: Path) -> None:
    net = load_checkpoint(saved(small_package(), tmp_path / "net.pt"))
    for odd in (np.ones(8000, complex), np.array(["a"] * 8000)):
        path = _npz(tmp_path / "reference.npz", input=odd, output=np.ones((2, 8000)))
        with pytest.raises(Tasnet2HefError, match=r"input: found values of type .*, expected samples"):
            measure_reading(net, path)
    header = {"descr": "<f4", "fortran_order": False, "shape": (0, 10**30)}
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, header)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("input.npy", buffer.getvalue())
    with pytest.raises(Tasnet2HefError, match="can't be read"):
        measure_reading(net, path)


Rec = collections.namedtuple("Rec", "text vocabulary")


def test_what_is_shared_and_not_copied_is_no_bomb(tmp_path: Path) -> None:
    words = [str(number) for number in range(50_000)]
    content = {**small_package(), "cfg": [Rec("a", words) for _ in range(2000)]}
    assert load_checkpoint(saved(content, tmp_path / "net.pt")).spec.n_src == 2


def test_the_files_own_name_says_nothing_of_its_content(tmp_path: Path) -> None:
    for name in ("code.pt", "constants.ckpt"):
        assert load_checkpoint(saved(small_package(), tmp_path / name)).spec.n_src == 2


def test_arrays_under_the_names_of_options(tmp_path: Path) -> None:
    content = {**small_package(), "stats": {"sample_rate": np.array([1, 2]), "mask_act": np.array([1, 2])}}
    assert load_checkpoint(saved(content, tmp_path / "net.pt")).spec.sample_rate == 8000


@needs_asteroid
def test_a_saved_module_shows_its_options(tmp_path: Path) -> None:
    sizes = {"n_filters": 16, "bn_chan": 4, "hid_chan": 8, "skip_chan": 6, "n_blocks": 2, "n_repeats": 3}
    net = asteroid_conv_tasnet(n_src=2, kernel_size=16, stride=4, mask_act="relu", **sizes)
    path = saved(net, tmp_path / "net.pt")
    assert "mask_act=relu (so says the saved module) or" in _refusal(path, {"n_repeats": 3})
    spec = load_checkpoint(path, {"mask_act": "relu"}).spec
    assert (spec.stride, spec.n_blocks) == (4, 2)


def test_a_stride_of_0_makes_no_billions_of_numbers(tmp_path: Path) -> None:
    path = tmp_path / "net.pth"
    torch.save({"state_dict": small_weights() | {"huge": torch.zeros(1).expand(2**20, 2**20)}}, path)
    assert path.stat().st_size < 2**20
    assert "tensors of 1,099,511,627,776 numbers in a storage of 1" in _refusal(path)


def test_a_pickle_that_was_packed_small_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.pth"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("net/data.pkl", b"\x80\x02" + b"N" * 2**22 + b".")
    assert path.stat().st_size < 10_000
    assert "4,194,307 bytes in an archive of" in _refusal(path)
