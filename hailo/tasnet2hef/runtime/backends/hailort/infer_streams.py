"""A HEF through InferVStreams: HailoRT before 4.18, which has no InferModel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from tasnet2hef.base.errors import DeviceError
from tasnet2hef.runtime.backends.hailort.explain import explained
from tasnet2hef.runtime.backends.hailort.program import RunOptions
from tasnet2hef.runtime.backends.hailort.stream_format import Codes, Quantisation, Stream


class InferStreamsProgram:
    """Runs one window a call; the runtime allocates its outputs itself, and they are copied.

    There is no ``activate``: the device's scheduler does it. Closed by the stack that it is given.

    Raises:
        DeviceError: the runtime refuses the HEF, or a window takes too long.
    """

    def __init__(
        self,
        runtime: Any,
        device: Any,
        hef: Path,
        streams: tuple[Sequence[Stream], Sequence[Stream]],
        options: RunOptions,
        stack: ExitStack,
    ) -> None:
        self._where = str(hef)
        types = [_one_type(group, options, self._where) for group in streams]
        with explained(self._where):
            opened = runtime.HEF(str(hef))
            self._infos = {
                info.name: info for info in (*opened.get_input_vstream_infos(), *opened.get_output_vstream_infos())
            }
            configure = runtime.ConfigureParams.create_from_hef(
                opened, interface=runtime.HailoStreamInterface.PCIe
            )
            (group,) = device.configure(opened, configure)
            makers = (runtime.InputVStreamParams, runtime.OutputVStreamParams)
            inputs, outputs = (
                maker.make(group, format_type=getattr(runtime.FormatType, name), timeout_ms=options.timeout_ms)
                for maker, name in zip(makers, types, strict=True)
            )
            self._pipe = stack.enter_context(runtime.InferVStreams(group, inputs, outputs))

    def quantisation(self, stream: Stream, *, is_input: bool) -> Quantisation:
        """Return what a stream's codes mean."""
        return Quantisation.of([self._infos[stream.name].quant_info])

    def run(self, inputs: Mapping[str, Codes], outputs: Mapping[str, Codes]) -> None:
        """Run one window, as a batch of one."""
        with explained(self._where):
            found = self._pipe.infer({name: buffer[None] for name, buffer in inputs.items()})
        for name, buffer in outputs.items():
            np.copyto(buffer, np.asarray(found[name]).reshape(buffer.shape))


def _one_type(streams: Sequence[Stream], options: RunOptions, where: str) -> str:
    """Return the type of all inputs, or of all outputs: these parameters are made for all of them at once."""
    found = sorted({options.type_name(stream) for stream in streams})
    if len(found) > 1:
        raise DeviceError(
            f"{where}: found streams of {' and '.join(found)}, expected one type with a HailoRT before 4.18; use "
            "float borders, or a newer HailoRT"
        )
    return found[0]
