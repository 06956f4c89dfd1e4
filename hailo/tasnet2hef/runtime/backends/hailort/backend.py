"""Runs windows and chunks on a Hailo device, with the same protocol as ONNX Runtime."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import DeviceError
from tasnet2hef.base.graph_contract import INPUT_NAME, GraphContract, output_names
from tasnet2hef.runtime.backends import Memory, StepBackend
from tasnet2hef.runtime.backends.hailort.chain import Chain, read_chain, require_chain
from tasnet2hef.runtime.backends.hailort.constant_watch import ConstantWatch
from tasnet2hef.runtime.backends.hailort.device import has_infer_model, load_runtime, open_device
from tasnet2hef.runtime.backends.hailort.explain import explained
from tasnet2hef.runtime.backends.hailort.infer_model import InferModelProgram
from tasnet2hef.runtime.backends.hailort.infer_streams import InferStreamsProgram
from tasnet2hef.runtime.backends.hailort.program import Program, ResultPool, RunOptions
from tasnet2hef.runtime.backends.hailort.sidecar import HefSidecar, known_shapes
from tasnet2hef.runtime.backends.hailort.stream_format import (
    FloatFormat,
    HefStreams,
    QuantisedFormat,
    Stream,
    StreamFormat,
)
from tasnet2hef.runtime.backends.hailort.streams import find_streams
from tasnet2hef.runtime.backends.host_part import HostPart

SOURCES: Final = "sources"


class HailoRtBackend(StepBackend):
    """One HEF, or all segments of a net by the path of any of them, on one device that they share.

    Around the HEF of a chip part the host's encoder and decoders run in ONNX Runtime, from the files beside it;
    ``threads`` is for them: the number inside one operator, None for ONNX Runtime's own choice. Everything that
    can be known without the device is checked before it is opened. The device is released by ``close``, at the
    end of a ``with`` block, or with the backend itself.

    Raises:
        DeviceError: the runtime or the device can't be used, or the HEF contradicts its sidecar.
        DeviceRunError: the device failed while it worked.
        GraphError: the host's encoder or decoder can't be used.
    """

    def __init__(
        self, hef_path: str | Path, options: RunOptions | None = None, threads: int | None = None
    ) -> None:
        self._options = options or RunOptions()
        chain = read_chain(Path(hef_path), threads)
        paths = chain.hefs
        self._contract = replace(chain.sidecars[0].contract, segment=1)
        self._sources = output_names(self._contract.spec.n_src)
        runtime = load_runtime(str(paths[0]))
        streams = [_streams_of(runtime, *each) for each in zip(paths, chain.sidecars, strict=True)]
        require_chain(chain, streams)
        with ExitStack() as stack:
            device = open_device(runtime, stack)
            load = InferModelProgram if has_infer_model(runtime) else InferStreamsProgram
            self._segments = [
                _Segment(load(device, path, each, self._options), each, self._options)
                for path, each in zip(paths, streams, strict=True)
            ]
            self._close = weakref.finalize(self, stack.pop_all().close)
        self._ends = chain.ends
        self._pool, self._between = self._make_buffers(chain, streams)
        masks = tuple(stream.port for stream in streams[-1].outputs)
        self._watched, watched = (self._sources, "source") if self._ends is None else (masks, "mask")
        self._watch = ConstantWatch(str(paths[0]), self._contract.spec.sample_rate, watched)

    @property
    def contract(self) -> GraphContract:
        """The contract of the graph that the HEF was compiled from; of a net in segments, of the whole graph."""
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

    def empty_memory(self) -> Memory:
        """Return the memory at the beginning of a stream: silence, NHWC. Empty for a program of windows."""
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
        if self._ends is not None:
            _run_on_host(self._ends.encoder, tensors)
        for segment in self._segments:
            segment.run(tensors)
        # A host decodes speech even from masks that are constant: what the device returned is watched.
        self._watch.see(frames, [tensors[name] for name in self._watched])
        if self._ends is not None:
            _run_on_host(self._ends.decoder, tensors)
        states = zip(self._contract.state_shapes, self._contract.next_state_names, strict=True)
        return sources, {name: results[next_name] for name, next_name in states}

    def _make_buffers(self, chain: Chain, streams: Sequence[HefStreams]) -> tuple[ResultPool, dict[str, Samples]]:
        """Allocate the results, and the tensors that cross from one segment or part to the next."""
        contract = self._contract
        row = contract.streams * contract.spec.stride
        shapes = known_shapes(contract)
        results: dict[str, tuple[int, ...]] = {SOURCES: (len(self._sources), contract.rows, row)}
        results |= {name: shapes[name] for name in contract.next_state_names}
        outputs = [stream for each in streams for stream in each.outputs]
        between = {stream.port: stream.shape for stream in outputs if stream.port not in shapes}
        between |= {} if chain.ends is None else chain.ends.encoder.outputs
        return ResultPool(results), {name: np.zeros(shape, np.float32) for name, shape in between.items()}


class _Segment:
    """One program with the formats of its streams."""

    def __init__(self, program: Program, streams: HefStreams, options: RunOptions) -> None:
        self._program = program

        def stream_format(stream: Stream, *, is_input: bool) -> StreamFormat:
            if options.stream_format == "float" or stream.code_type == "float32":
                return FloatFormat(stream)
            return QuantisedFormat(stream, program.quantisation(stream, is_input=is_input))

        self._inputs = [(stream, stream_format(stream, is_input=True)) for stream in streams.inputs]
        self._outputs = [(stream, stream_format(stream, is_input=False)) for stream in streams.outputs]

    def run(self, tensors: Mapping[str, Samples]) -> None:
        """Read the inputs among ``tensors`` and fill the outputs among them."""
        self._program.run(
            {stream.name: each.encode(tensors[stream.port]) for stream, each in self._inputs},
            {stream.name: each.output_buffer(tensors[stream.port]) for stream, each in self._outputs},
        )
        for stream, each in self._outputs:
            each.decode_into(tensors[stream.port])


def _run_on_host(part: HostPart, tensors: Mapping[str, Samples]) -> None:
    """Read the inputs of a host's part among ``tensors`` and fill its outputs among them."""
    for name, value in part.run(tensors).items():
        np.copyto(tensors[name].reshape(value.shape), value)


def _streams_of(runtime: Any, path: Path, sidecar: HefSidecar) -> HefStreams:
    with explained(str(path)):
        hef = runtime.HEF(str(path))
        networks = list(hef.get_network_group_names())
        if len(networks) != 1:
            raise DeviceError(
                f"{path}: found networks {', '.join(networks)}, expected 1; compile one graph per HEF"
            )
        return find_streams(hef, sidecar, str(path))
