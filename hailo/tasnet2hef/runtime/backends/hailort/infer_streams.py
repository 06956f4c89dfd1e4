"""A HEF through InferVStreams: HailoRT before 4.18, which has no InferModel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from tasnet2hef.base.errors import DeviceError, DeviceRunError
from tasnet2hef.runtime.backends.hailort.device import OpenDevice
from tasnet2hef.runtime.backends.hailort.explain import explained
from tasnet2hef.runtime.backends.hailort.program import RunOptions
from tasnet2hef.runtime.backends.hailort.stream_format import Codes, HefStreams, Quantisation, Stream


class InferStreamsProgram:
    """Runs one window per call; the runtime allocates its outputs itself, and they are copied.

    There is no ``activate``: the device's scheduler does it. Closed by the device's stack.

    Raises:
        DeviceError: the runtime refuses the HEF.
        DeviceRunError: a window takes too long. Of one that failed this interface tells nothing.
    """

    def __init__(self, on: OpenDevice, hef: Path, streams: HefStreams, options: RunOptions) -> None:
        self._where = str(hef)
        types = [_one_type(group, options, self._where) for group in streams]
        runtime = on.runtime
        with explained(self._where):
            opened = runtime.HEF(str(hef))
            self._infos = {
                info.name: info for info in (*opened.get_input_vstream_infos(), *opened.get_output_vstream_infos())
            }
            configure = runtime.ConfigureParams.create_from_hef(
                opened, interface=runtime.HailoStreamInterface.PCIe
            )
            (group,) = on.device.configure(opened, configure)
            makers = (runtime.InputVStreamParams, runtime.OutputVStreamParams)
            inputs, outputs = (
                maker.make(group, format_type=getattr(runtime.FormatType, name), timeout_ms=options.timeout_ms)
                for maker, name in zip(makers, types, strict=True)
            )
            self._pipe = on.stack.enter_context(runtime.InferVStreams(group, inputs, outputs))

    def quantisation(self, stream: Stream, *, is_input: bool) -> Quantisation:
        """Return the scale and zero point of a stream's codes."""
        return Quantisation.from_infos([self._infos[stream.name].quant_info], f"{self._where}: {stream.name}")

    def run(self, inputs: Mapping[str, Codes], outputs: Mapping[str, Codes]) -> None:
        """Run one window, as a batch of one."""
        with explained(self._where, DeviceRunError):
            results = self._pipe.infer({name: buffer[None] for name, buffer in inputs.items()})
        for name, buffer in outputs.items():
            np.copyto(buffer, np.asarray(results[name]).reshape(buffer.shape))


def _one_type(streams: Sequence[Stream], options: RunOptions, where: str) -> str:
    """Return the type of all inputs, or of all outputs: this interface sets one for all of them."""
    types = sorted({options.type_name(stream) for stream in streams})
    if len(types) > 1:
        raise DeviceError(
            f"{where}: found streams of {' and '.join(types)}, expected one type with a HailoRT before 4.18; use "
            "the float stream format, or a newer HailoRT"
        )
    return types[0]
