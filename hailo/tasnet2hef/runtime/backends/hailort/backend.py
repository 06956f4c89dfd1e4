"""Runs windows and chunks on a Hailo device, behind the same protocol as ONNX Runtime."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import DeviceError
from tasnet2hef.base.graph_contract import INPUT_NAME, GraphContract, output_names
from tasnet2hef.runtime.backends import Memory
from tasnet2hef.runtime.backends.hailort.device import open_device
from tasnet2hef.runtime.backends.hailort.explain import explained
from tasnet2hef.runtime.backends.hailort.infer_model import InferModelProgram
from tasnet2hef.runtime.backends.hailort.infer_streams import InferStreamsProgram
from tasnet2hef.runtime.backends.hailort.program import Program, RunOptions
from tasnet2hef.runtime.backends.hailort.results import ResultPool
from tasnet2hef.runtime.backends.hailort.runtime import has_infer_model, load_runtime
from tasnet2hef.runtime.backends.hailort.sidecar import HefSidecar, known_shapes, read_sidecar
from tasnet2hef.runtime.backends.hailort.stream_format import FloatFormat, QuantisedFormat, Stream, StreamFormat
from tasnet2hef.runtime.backends.hailort.streams import find_streams
from tasnet2hef.runtime.backends.segment_names import segment_of, segment_path

SOURCES = "sources"


class HailoRtBackend:
    """One HEF, or all segments of a net of which any is given, on one device that they share.

    Everything that can be known without the device is checked before it is opened. The device is released by
    ``close``, at the end of a ``with`` block, or with the backend itself.

    Raises:
        DeviceError: the runtime or the device can't be used, or the HEF is not what its record says.
    """

    def __init__(self, hef_path: str | Path, options: RunOptions | None = None) -> None:
        self._options = options or RunOptions()
        paths, records = _read_records(Path(hef_path))
        self._contract = replace(records[0].contract, segment=1)
        self._sources = output_names(self._contract.spec.n_src)
        runtime = load_runtime(str(paths[0]))
        streams = [_streams_of(runtime, path, record) for path, record in zip(paths, records, strict=True)]
        _require_chain(streams, paths)
        with ExitStack() as stack:
            device = open_device(runtime, stack)
            make = InferModelProgram if has_infer_model(runtime) else InferStreamsProgram
            self._stages = [
                _Stage(make(runtime, device, path, ends, self._options, stack), ends, self._options)
                for path, ends in zip(paths, streams, strict=True)
            ]
            self._close = weakref.finalize(self, stack.pop_all().close)
        self._pool, self._between = self._make_buffers(streams)

    @property
    def contract(self) -> GraphContract:
        """The export that the HEF was made from; of a net in segments, the whole of it."""
        return self._contract

    def __enter__(self) -> HailoRtBackend:
        """Return the backend."""
        return self

    def __exit__(self, *_: object) -> None:
        """Release the device."""
        self.close()

    def close(self) -> None:
        """Release the device; later runs fail."""
        self._close()

    def run(self, frames: Samples) -> Samples:
        """Map ``[row, streams * stride]`` to ``[source, row, streams * stride]``."""
        return self.run_step(frames, self.empty_memory())[0]

    def empty_memory(self) -> Memory:
        """Return the memory from which a stream begins: silence. Empty for a program of windows."""
        shapes = known_shapes(self._contract)
        return {name: np.zeros(shapes[name], np.float32) for name in self._contract.state_shapes}

    def run_step(self, frames: Samples, memory: Memory) -> tuple[Samples, Memory]:
        """Run one chunk like ``run``; also return the memory for the next one."""
        if not self._close.alive:
            raise DeviceError("device: found it closed, expected it open; open the HEF again")
        results = self._pool.take()
        sources = results.pop(SOURCES)
        tensors = {INPUT_NAME: frames, **memory, **results, **self._between}
        tensors |= dict(zip(self._sources, sources, strict=True))
        for stage in self._stages:
            stage.run(tensors)
        following = zip(self._contract.state_shapes, self._contract.next_state_names, strict=True)
        return sources, {name: results[after] for name, after in following}

    def _make_buffers(self, streams: Sequence[_Ends]) -> tuple[ResultPool, dict[str, Samples]]:
        """Make room for results, and for what crosses from one segment to the next."""
        contract = self._contract
        row = contract.streams * contract.spec.stride
        shapes = known_shapes(contract)
        results: dict[str, tuple[int, ...]] = {SOURCES: (len(self._sources), contract.rows, row)}
        results |= {name: shapes[name] for name in contract.next_state_names}
        made = [stream for _, outputs in streams for stream in outputs]
        inner = {stream.port: stream.shape for stream in made if stream.port not in shapes}
        return ResultPool(results), {name: np.zeros(shape, np.float32) for name, shape in inner.items()}


_Ends = tuple[tuple[Stream, ...], tuple[Stream, ...]]


class _Stage:
    """One program with its borders."""

    def __init__(self, program: Program, ends: _Ends, options: RunOptions) -> None:
        self._program = program
        inputs, outputs = ends

        def border(stream: Stream, *, is_input: bool) -> StreamFormat:
            if options.borders == "float" or stream.code_type == "float32":
                return FloatFormat(stream)
            return QuantisedFormat(stream, program.quantisation(stream, is_input=is_input))

        self._inputs = [(stream, border(stream, is_input=True)) for stream in inputs]
        self._outputs = [(stream, border(stream, is_input=False)) for stream in outputs]

    def run(self, tensors: Mapping[str, Samples]) -> None:
        """Read the inputs among ``tensors`` and fill the outputs among them."""
        self._program.run(
            {stream.name: border.fill(tensors[stream.port]) for stream, border in self._inputs},
            {stream.name: border.room(tensors[stream.port]) for stream, border in self._outputs},
        )
        for stream, border in self._outputs:
            border.take(tensors[stream.port])


def _read_records(path: Path) -> tuple[list[Path], list[HefSidecar]]:
    """Return the HEFs that belong together, in their order, with their records."""
    record = read_sidecar(path)
    whole = record.contract
    if whole.segments == 1:
        return [path], [record]
    net = segment_of(path)
    if not net:
        raise DeviceError(
            f"{path}: found segment {whole.segment} by another name, expected NAME.segment_NUMBER.hef"
        )
    named = path.with_name(f"{net}{path.suffix}")
    paths = [segment_path(named, number) for number in range(1, whole.segments + 1)]
    records = [read_sidecar(each) for each in paths]
    for number, (each, other) in enumerate(zip(paths, records, strict=True), start=1):
        if other.contract != replace(whole, segment=number):
            raise DeviceError(
                f"{each}: found segment {other.contract.segment} of {other.contract.segments} of export "
                f"{other.contract.segment_of or 'none'}, expected {number} of {whole.segments} of export "
                f"{whole.segment_of}; compile all segments of one export"
            )
    return paths, records


def _streams_of(runtime: Any, path: Path, record: HefSidecar) -> _Ends:
    with explained(str(path)):
        hef = runtime.HEF(str(path))
        groups = list(hef.get_network_group_names())
        if len(groups) != 1:
            raise DeviceError(f"{path}: found networks {', '.join(groups)}, expected 1; compile one graph a HEF")
        return find_streams(hef, record, str(path))


def _require_chain(streams: Sequence[_Ends], paths: Sequence[Path]) -> None:
    """Check that what a segment needs of another one is made before it, in the same shape."""
    made = {stream.port: stream.shape for stream in streams[0][0]}
    for (inputs, outputs), path in zip(streams, paths, strict=True):
        for stream in inputs:
            if made.get(stream.port) != stream.shape:
                raise DeviceError(
                    f"{path}: found an input {stream.port} {list(stream.shape)}, expected "
                    f"{made.get(stream.port, 'no such tensor')} from the segments before; compile all segments of "
                    "one export"
                )
        made |= {stream.port: stream.shape for stream in outputs}
