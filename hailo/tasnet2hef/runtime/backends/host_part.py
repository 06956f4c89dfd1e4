"""The host's encoder and decoders of a net whose mask network runs on the chip, with ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import GraphError
from tasnet2hef.base.graph_contract import INPUT_NAME, GraphContract, output_names
from tasnet2hef.runtime.backends.frames import to_nchw, to_nhwc
from tasnet2hef.runtime.backends.onnxruntime import contract_of, open_session, run_session
from tasnet2hef.runtime.backends.segment_checks import SegmentChecks

Shape = tuple[int, int, int]


class HostPart:
    """One part as a step from tensors to tensors, all ``[height, width, features]`` by their names.

    ``threads`` is the number of threads inside one operator; None leaves the choice to ONNX Runtime.

    Raises:
        GraphError: the file is missing, is not an ONNX graph, or was not exported by tasnet2hef.
    """

    def __init__(self, path: Path, threads: int | None = None) -> None:
        self._session = open_session(path, threads)
        self.path = path
        self.contract = contract_of(self._session, str(path))
        self.inputs = _shapes(self._session.get_inputs(), path)
        self.outputs = _shapes(self._session.get_outputs(), path)

    def run(self, tensors: Mapping[str, Samples]) -> dict[str, Samples]:
        """Return the outputs; the inputs are taken from ``tensors``, of any shape with as many values.

        Raises:
            GraphError: ONNX Runtime can't run the graph.
        """
        feeds = {name: to_nchw(tensors[name].reshape(shape)) for name, shape in self.inputs.items()}
        values = run_session(self._session, list(self.outputs), feeds, str(self.path))
        return {name: to_nhwc(value) for name, value in zip(self.outputs, values, strict=True)}


class HostEnds:
    """Both parts around a chip part, in their order.

    Raises:
        GraphError: a part is missing, can't be used, or returns no sources as its contract says.
        InputError: the error of ``checks``, where the parts do not fit each other.
    """

    def __init__(
        self, chip: Path, contract: GraphContract, checks: SegmentChecks, threads: int | None = None
    ) -> None:
        encoder, _, decoder = (path.with_suffix(".onnx") for path in checks.sibling_paths(chip, contract))
        self.encoder, self.decoder = HostPart(encoder, threads), HostPart(decoder, threads)
        self._sources = output_names(contract.spec.n_src)
        contracts = (self.encoder.contract, contract, self.decoder.contract)
        checks.require_one_export((encoder, chip, decoder), contracts, contract)
        _, stride, rows, columns = contract.input_shape
        window = (rows, columns, stride)
        checks.require_inputs(encoder, self.encoder.inputs, {INPUT_NAME: window})
        if self.decoder.outputs != dict.fromkeys(self._sources, window):
            raise GraphError(
                f"{decoder}: found outputs {self.decoder.outputs}, expected {', '.join(self._sources)}, each of "
                f"{window} (rows, columns, features); export the graph again"
            )

    def encode(self, frames: Samples) -> dict[str, Samples]:
        """Map ``[row, sample of the row]`` to what the chip and the decoder read."""
        return self.encoder.run({INPUT_NAME: frames})

    def decode(self, tensors: Mapping[str, Samples]) -> Samples:
        """Map the encoder's and the chip's tensors to ``[source, row, sample of the row]``."""
        sources = self.decoder.run(tensors)
        return np.stack([sources[name].reshape(len(sources[name]), -1) for name in self._sources])


def _shapes(ports: Any, path: Path) -> dict[str, Shape]:
    for port in ports:
        if len(port.shape) != 4 or not all(isinstance(size, int) for size in port.shape) or port.shape[0] != 1:
            raise GraphError(
                f"{path}: found {port.name} {port.shape}, expected four sizes of one window; export it again"
            )
    return {port.name: (port.shape[2], port.shape[3], port.shape[1]) for port in ports}
