from __future__ import annotations

from types import SimpleNamespace

import pytest

from tasnet2hef.base.errors import DeviceError
from tasnet2hef.runtime.backends.hailort.sidecar import HefSidecar, Port
from tasnet2hef.runtime.backends.hailort.streams import find_streams

WINDOW, PAST = (100, 1, 8), (2, 1, 12)


class Hef:
    """Streams ``{name: (shape, original names)}``."""

    def __init__(self, inputs, outputs):
        self.streams = {**inputs, **outputs}
        self.inputs, self.outputs = inputs, outputs

    def _infos(self, names):
        kind = SimpleNamespace(type=SimpleNamespace(name="UINT8"), order=SimpleNamespace(name="NHWC"))
        return [SimpleNamespace(name=name, shape=self.streams[name][0], format=kind) for name in names]

    def get_input_vstream_infos(self):
        return self._infos(self.inputs)

    def get_output_vstream_infos(self):
        return self._infos(self.outputs)

    def get_original_names_from_vstream_name(self, name):
        return self.streams[name][1]


OUTPUT = {"net/conv9": (WINDOW, ["source_1/decoder"])}


def sidecar(contract, *inputs: Port) -> HefSidecar:
    return HefSidecar(
        contract=contract(),
        inputs=inputs,
        outputs=(Port("source_1", WINDOW, ("source_1", "source_1/decoder")),),
    )


def found_inputs(contract, streams, *ports: Port) -> dict[str, str]:
    inputs, _ = find_streams(Hef(streams, OUTPUT), sidecar(contract, *ports), "net.hef")
    return {stream.port: stream.name for stream in inputs}


def test_an_input_goes_by_the_nodes_that_read_it(contract):
    """As the HEFs of DFC 3.27 and 5.3 have it: all nodes of the fused layer behind the input."""
    streams = {
        "net/input_layer1": (PAST, ["tcn_00/depthwise", "tcn_00/activation"]),
        "net/input_layer2": (WINDOW, ["encoder", "encoder_activation"]),
    }
    ports = (
        Port("frames", WINDOW, ("frames",), ("encoder",)),
        Port("state", PAST, ("state",), ("tcn_00/depthwise",)),
    )
    assert found_inputs(contract, streams, *ports) == {"frames": "net/input_layer2", "state": "net/input_layer1"}


def test_a_layer_that_reads_two_inputs_leaves_it_to_their_shapes(contract):
    streams = {"net/input_layer1": (PAST, ["both"]), "net/input_layer2": (WINDOW, ["both"])}
    ports = Port("frames", WINDOW, ("frames",), ("both",)), Port("state", PAST, ("state",), ("both",))
    assert found_inputs(contract, streams, *ports) == {"frames": "net/input_layer2", "state": "net/input_layer1"}
    alike = Port("border", WINDOW, ("border",), ("both",))
    streams["net/input_layer1"] = (WINDOW, ["both"])
    with pytest.raises(
        DeviceError, match=r"net/input_layer1: found 2 ports with its names, expected 1 of frames, b"
    ):
        found_inputs(contract, streams, ports[0], alike)


def test_layer_names_decide_where_nodes_do_not(contract):
    streams = {"net/input_layer1": (WINDOW, ["both"]), "net/input_layer2": (WINDOW, ["both"])}
    ports = (
        Port("frames", WINDOW, ("frames", "net/input_layer2"), ("both",)),
        Port("border", WINDOW, ("border", "net/input_layer1"), ("both",)),
    )
    assert found_inputs(contract, streams, *ports) == {
        "frames": "net/input_layer2",
        "border": "net/input_layer1",
    }
